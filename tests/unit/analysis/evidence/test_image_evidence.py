"""`--image`: what an image that was built from the Dockerfile decides, and when it is no evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from madeimages import MB, Content, Made, image
from msgspec.structs import replace

from slimify import pipeline
from slimify.analysis.evidence.base_image import base_image_facts
from slimify.analysis.evidence.image_evidence import BuiltImage, image_evidence, is_evidence
from slimify.config import Options
from slimify.image.model import Elf, Image
from slimify.model.outcome import Outcome
from slimify.syntax.dockerfile.parser import parse

DEBIAN = "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n"
DYNAMIC = Elf(machine="x86_64", interpreter="/lib64/ld-linux-x86-64.so.2", needed=("libc.so.6",))
STATIC = Elf(machine="x86_64", linking="static")
BASE: Mapping[str, Content | int | str] = {
    "/etc/os-release": DEBIAN,
    "/bin/sh": 100,
    "/usr/bin/apt-get": 100,
    "/usr/local/go/VERSION": "go1.24.1",
    "/usr/local/go/bin/go": 400 * MB,
    "/lib/x86_64-linux-gnu/libc.so.6": 2 * MB,
    "/var/lib/dpkg/status": "Package: libc6\nStatus: install ok installed\nVersion: 2.36-9+deb12u9\n",
    "/var/lib/dpkg/info/libc6.list": "/lib/x86_64-linux-gnu/libc.so.6\n",
}
FROM = Made('CMD ["bash"]', BASE)
SOURCES = {
    "build.sh": '#!/bin/sh\nout=$(head -n1 where)\ngo build -o "$out" .\n',
    "where": "/opt/app/server\n",
    "go.mod": "module example\n",
    "main.go": 'package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe(":80", nil) }\n',
}
OPAQUE = """\
FROM registry.example.com/platform/go:1.24
WORKDIR /src
COPY . .
RUN ./build.sh
CMD ["/opt/app/server"]
"""


def history(text: str, *layers: Mapping[str, Content | int | str], gone: Sequence[str] = ()) -> list[Made]:
    """A step for each instruction, as BuildKit words them; `layers` belong to RUN and COPY, in order."""
    steps = []
    waiting = list(layers)
    for instruction in parse(text.encode(), "").instructions[1:]:
        words = f"{instruction.keyword} {instruction.value}"
        if instruction.keyword == "RUN":
            words = f"RUN /bin/sh -c {instruction.value} # buildkit"
        files = waiting.pop(0) if instruction.keyword in ("RUN", "COPY") and waiting else {}
        steps.append(Made(words, files, tuple(gone) if instruction.keyword == "RUN" else ()))
    return steps


def rewritten(tmp_path: Path, text: str, made: Image | None, files: Mapping[str, str] = SOURCES) -> Outcome:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    file = tmp_path / "Dockerfile"
    file.write_text(text)
    return pipeline.rewrite(text.encode(), name=str(file), context=tmp_path, options=Options(), image=made)


def opaque(**left: Content | int | str) -> Image:
    """The image of OPAQUE, whose script left these files ("__" stands for a slash)."""
    layer = {"/" + path.replace("__", "/"): value for path, value in left.items()}
    sources = {f"/src/{name}": content for name, content in SOURCES.items()}
    cache = {"/root/.cache/go-build/00/a": 90 * MB}
    return image(FROM, *history(OPAQUE, sources, {**cache, **layer}), Cmd=["/opt/app/server"])


def test_what_a_script_writes_is_seen_in_its_layer(tmp_path: Path) -> None:
    before = rewritten(tmp_path, OPAQUE, None)
    outcome = rewritten(tmp_path, OPAQUE, opaque(opt__app__server=Content(size=9 * MB, elf=DYNAMIC)))
    assert before.kind == "unchanged"
    assert outcome.kind == "rewritten"
    assert outcome.rung == "same-base"
    assert outcome.after is not None
    assert "COPY --from=builder /opt/app/server /opt/app/server\n" in outcome.after
    assert {d.code for d in outcome.decisions} >= {"SL340", "SL341"}
    assert outcome.estimate is not None
    assert outcome.estimate.measured
    assert 90 * MB <= outcome.estimate.saving < 90 * MB + 1000


def test_how_a_program_is_linked_is_seen(tmp_path: Path) -> None:
    text = OPAQUE.replace("registry.example.com/platform/go", "golang")
    layers: tuple[Mapping[str, Content | int | str], ...] = (
        {},
        {"/opt/app/server": Content(size=9 * MB, elf=STATIC)},
    )
    outcome = rewritten(tmp_path, text, image(FROM, *history(text, *layers), Cmd=["/opt/app/server"]))
    assert outcome.rung == "minimal"
    assert outcome.after is not None
    assert "gcr.io/distroless/static" in outcome.after


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param({"/etc/app.conf": 10}, id="a file of the system"),
        pytest.param({"/usr/lib/libown.so": 10}, id="a library of the system"),
        pytest.param({"/var/lib/dpkg/status": ""}, id="packages"),
        pytest.param({"/opt/app/start.sh": "#!/bin/sh\n"}, id="a script"),
        pytest.param({f"/usr/local/bin/tool{n}": 10 for n in range(20)}, id="many programs of the system"),
    ],
)
def test_a_step_that_left_more_stays_where_it_is(
    tmp_path: Path, layer: Mapping[str, Content | int | str]
) -> None:
    left = {"/opt/app/server": Content(size=9 * MB, elf=DYNAMIC), **layer}
    made = image(FROM, *history(OPAQUE, {}, left), Cmd=["/opt/app/server"])
    made = replace(made, heads={"/opt/app/start.sh": b"#!/bin/sh"})
    outcome = rewritten(tmp_path, OPAQUE, made)
    assert outcome.kind == "unchanged"
    assert "SL341" not in {d.code for d in outcome.decisions}


def test_what_a_step_removed_stays_removed(tmp_path: Path) -> None:
    left = {"/opt/app/server": Content(size=9 * MB, elf=DYNAMIC)}
    steps = history(OPAQUE, {"/src/where": "/opt/app/server"}, left, gone=["/src/where"])
    outcome = rewritten(tmp_path, OPAQUE, image(FROM, *steps, Cmd=["/opt/app/server"]))
    assert "SL341" not in {d.code for d in outcome.decisions}


def test_a_result_that_a_later_step_hands_over_is_copied_with_its_owner(tmp_path: Path) -> None:
    text = OPAQUE.replace("CMD", "RUN useradd app && chown -R app /opt/app\nUSER app\nCMD")
    program = Content(size=9 * MB, elf=DYNAMIC)
    left = {"/opt/app/server": program, "/root/.cache/go-build/00/a": 90 * MB}
    layers: tuple[Mapping[str, Content | int | str], ...] = (
        {},
        left,
        {"/opt/app/server": replace(program, uid=1000)},
    )
    outcome = rewritten(tmp_path, text, image(FROM, *history(text, *layers), Cmd=["/opt/app/server"]))
    assert outcome.after is not None
    assert "COPY --from=builder" in outcome.after
    assert "/opt/app" in outcome.after.rpartition("COPY --from=builder")[2].split("\n")[0]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("RUN ./build.sh", "RUN ./other.sh", "line 4"),
        ("WORKDIR /src\n", "", "4 instructions"),
    ],
)
def test_an_image_of_another_file_is_no_evidence(tmp_path: Path, old: str, new: str, why: str) -> None:
    made = opaque(opt__app__server=Content(size=9 * MB, elf=DYNAMIC))
    text = OPAQUE.replace(old, new) if new else OPAQUE.replace(old, "ENV A=1\n")
    outcome = rewritten(tmp_path, text, made)
    assert outcome.kind == "unchanged"
    (warning,) = outcome.warnings
    assert "no evidence" in warning
    assert why in warning


def test_libraries_that_programs_are_linked_with_are_installed(tmp_path: Path) -> None:
    """A -dev package of which no table knows what run time needs."""
    text = """\
FROM registry.example.com/platform/go:1.24
RUN apt-get update && apt-get install -y gcc libfrob-dev
WORKDIR /src
COPY . .
RUN ./build.sh
CMD ["/opt/app/server"]
"""
    status = "".join(
        f"Package: {name}\nStatus: install ok installed\nVersion: 1\nDepends: {needs}\n\n"
        for name, needs in (
            ("libc6", ""),
            ("gcc", "libc6"),
            ("libfrob-dev", "libfrob7 (= 1)"),
            ("libfrob7", ""),
        )
    )
    installed = {
        "/var/lib/dpkg/status": status,
        "/var/lib/dpkg/info/libc6.list": "/lib/x86_64-linux-gnu/libc.so.6\n",
        "/var/lib/dpkg/info/gcc.list": "/usr/bin/gcc\n",
        "/var/lib/dpkg/info/libfrob7.list": "/usr/lib/libfrob.so.7\n",
        "/usr/bin/gcc": 100 * MB,
        "/usr/lib/libfrob.so.7": Content(size=MB, elf=Elf(machine="x86_64", linking="library")),
    }
    program = replace(DYNAMIC, needed=("libfrob.so.7", "libc.so.6"))
    layers: tuple[Mapping[str, Content | int | str], ...] = (
        installed,
        {},
        {"/opt/app/server": Content(size=9 * MB, elf=program)},
    )
    outcome = rewritten(tmp_path, text, image(FROM, *history(text, *layers), Cmd=["/opt/app/server"]))
    assert outcome.after is not None
    final = outcome.after.rpartition("FROM ")[2]
    assert "apt-get install -y libfrob7" in final
    assert "gcc" not in final


def test_where_pip_puts_packages_is_seen(tmp_path: Path) -> None:
    text = """\
FROM registry.example.com/hardened/python
RUN apt-get update && apt-get install -y gcc
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY app.py .
CMD ["python", "app.py"]
"""
    base = {k: v for k, v in BASE.items() if "/go/" not in k}
    base |= {
        "/opt/python/bin/python3.12": 30 * MB,
        "/opt/python/bin/python3": Content(link="python3.12"),
        "/opt/python/bin/pip": 100,
    }
    site = "/opt/python/lib/python3.12/site-packages/flask/__init__.py"
    installed = {site: 1 * MB, "/opt/python/bin/flask": 200, "/root/.cache/pip/x": 7 * MB}
    installed["/opt/python/lib/python3.12/__pycache__/ast.cpython-312.pyc"] = 9
    made = image(
        Made("base", base),
        *history(text, {"/usr/bin/gcc": 100 * MB}, {}, installed),
        Cmd=["python", "app.py"],
        Env=["PATH=/opt/python/bin:/usr/bin:/bin"],
    )
    files = {"requirements.txt": "flask==3.0.0\n", "app.py": "import flask\n"}
    assert "SL393" in {d.code for d in rewritten(tmp_path, text, None, files).decisions}
    outcome = rewritten(tmp_path, text, made, files)
    assert outcome.after is not None
    place = "/opt/python/lib/python3.12/site-packages"
    assert f"COPY --from=builder {place} {place}\n" in outcome.after


def test_the_base_image_is_what_the_file_does_not_set() -> None:
    text = 'FROM private/base\nENV PATH="/opt/x/bin:$PATH" MODE=prod\nUSER 1000\n'
    made = image(
        FROM,
        *history(text),
        Env=["PATH=/opt/x/bin:/usr/local/go/bin:/usr/bin", "MODE=prod", "LANG=C.UTF-8"],
        Entrypoint=["/tini", "--"],
        Cmd=["serve"],
        User="1000",
        WorkingDir="/work",
    )
    made = replace(made, contents={**made.contents, "/usr/local/go/VERSION": b"go1.24.1\ntime 2025"})
    file = parse(text.encode(), "")
    evidence = image_evidence(made, file)
    assert isinstance(evidence, BuiltImage)
    facts = base_image_facts(evidence, file, "private/base")
    assert (facts.distro, facts.suite, facts.libc, facts.libc_version) == (
        "debian", "bookworm", "glibc", "2.36",
    )  # fmt: skip
    assert (facts.language, facts.version, facts.manager) == ("go", "1.24.1", "apt")
    assert facts.env == {"PATH": "/usr/local/go/bin:/usr/bin", "LANG": "C.UTF-8"}
    assert (facts.entrypoint, facts.cmd, facts.user, facts.workdir) == (
        ("/tini", "--"), ("serve",), "root", "/work",
    )  # fmt: skip
    assert facts.packages == {"libc6"}


def test_texts_that_are_kept() -> None:
    assert is_evidence("/etc/os-release")
    assert is_evidence("/var/lib/dpkg/status")
    assert not is_evidence("/etc/shadow")
