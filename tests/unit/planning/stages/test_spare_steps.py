"""Steps that only shape the final image are left out of the builder; those that a later step of it may use
are not, and validation rejects a builder without them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.analysis.program import Program
from slimify.config import MinSaving, Options
from slimify.planning.layout import Layout
from slimify.planning.stages import assemble
from slimify.validation import validate

APT = "RUN apt-get update && apt-get install -y --no-install-recommends {} && rm -rf /var/lib/apt/lists/*\n"
PIP = "WORKDIR /srv\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
START = 'COPY . .\nCMD ["python", "app.py"]\n'
GO = 'WORKDIR /src\nCOPY . .\nRUN go build -o /bin/app .\nUSER {user}\nCMD ["/bin/app"]\n'
FILES = {
    "requirements.txt": "flask==3.0.3\n",
    "app.py": "import flask\n",
    "fill.py": "open('fish', 'w')\n",
    "go.mod": "module example.com/app\n\ngo 1.24\n",
    "main.go": 'package main\n\nimport "os"\n\nfunc main() { os.WriteFile("/data/x", nil, 0o600) }\n',
    "start.sh": '#!/bin/sh\nexec "$@"\n',
    "own.sh": "#!/bin/sh\nchown ada /src/x\n",
    "pip.conf": "[global]\n",
    "list.txt": "six<2\n",
    "tests/test_app.py": "def test_nothing():\n    pass\n",
}
WHOLE = ("COPY", "RUN", "USER", "WORKDIR")


def _python(*steps: str, rest: str = PIP + START) -> str:
    return "FROM python:3.12\n" + "".join(f"{s}\n" if not s.endswith("\n") else s for s in steps) + rest


def _go(*steps: str, user: str = "root") -> str:
    return "FROM golang:1.24\n" + "".join(f"{s}\n" for s in steps) + GO.format(user=user)


# What the builder lacks, or "", the file
NEEDED = {
    "a later step deletes settings of a package": _python(
        APT.format("nginx"), "RUN rm /etc/nginx/sites-enabled/default"
    ),
    "an interpreter": _python(APT.format("default-jre-headless")),
    "a tool of an install": _python(APT.format("git")),
    "a package that nobody knows": _python(APT.format("wibble")),
    "a later step goes there": _python(
        "RUN mkdir /pond",
        "COPY requirements.txt /tmp/",
        rest=f"RUN cd /pond && pip install -r /tmp/requirements.txt\nWORKDIR /srv\n{START}",
    ),
    "a later step goes there alone": _python(
        "COPY start.sh /pond/start.sh",
        "COPY requirements.txt /tmp/",
        "RUN cd pond",
        rest=f"RUN pip install -r /tmp/requirements.txt\nWORKDIR /srv\n{START}",
    ),
    "settings of the installer": _python("COPY pip.conf /etc/pip.conf"),
    "settings that a variable names": _python(
        "COPY list.txt /opt/list.txt", "ENV PIP_CONSTRAINT=/opt/list.txt"
    ),
    "settings at home": _python("COPY pip.conf /root/.config/pip/pip.conf"),
    "a program before others on the path": _python("COPY start.sh /usr/local/bin/gcc"),
    "the user of an install": _python("RUN useradd -m ada", "USER ada"),
    "the owner of a later step": _go("RUN useradd ada", "RUN mkdir /src && touch /src/x && chown ada /src/x"),
    "the owner that a variable names": _go(
        "ENV WHO=ada", "RUN useradd ada", "RUN mkdir /src && touch /src/x && chown $WHO /src/x"
    ),
    "the owner that a script names": _go(
        "RUN useradd ada", "COPY own.sh /own.sh", "RUN mkdir /src && touch /src/x && sh /own.sh"
    ),
    "files that tests read": _python(rest=PIP + "COPY . .\nRUN python -m pytest -q tests\n" + START[9:]),
}
SPARE = {
    "a client": (_go(APT.format("postgresql-client").rstrip()), "postgresql-client"),
    "a library without headers": (_python(APT.format("libgl1")), "libgl1"),
    "an account": (_go("RUN useradd -u 1500 ada"), "useradd"),
    "an empty directory": (
        _go("RUN useradd ada", "RUN mkdir -p /data && chown ada /data", user="ada"),
        "mkdir",
    ),
    "a start script": (_go("COPY start.sh /start.sh").replace('CMD ["', 'CMD ["/start.sh", "'), "/start.sh"),
}


def _rewritten(directory: Path, file: str) -> str:
    for name, text in FILES.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(text)
    options = Options(min_saving=MinSaving(percent=0.0, bytes=0))
    outcome = pipeline.rewrite(file.encode(), name="Dockerfile", context=directory, options=options)
    assert outcome.after is not None, outcome.decisions
    return outcome.after


def _builder(text: str) -> str:
    return text.partition("\nFROM ")[0]


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.startswith(WHOLE)]


def _needed(file: str) -> Sequence[str]:
    lines = _lines(file)
    last = max(
        n for n, line in enumerate(lines) if any(x in line for x in ("pip inst", "go build", "pytest"))
    )
    return lines[:last]


@pytest.mark.parametrize("name", NEEDED)
def test_the_builder_keeps_what_a_later_step_may_use(name: str, tmp_path: Path) -> None:
    after = _rewritten(tmp_path, NEEDED[name])
    assert set(_needed(NEEDED[name])) <= set(_lines(_builder(after)))


@pytest.mark.parametrize("name", SPARE)
def test_the_builder_lacks_what_no_step_of_it_uses(name: str, tmp_path: Path) -> None:
    file, word = SPARE[name]
    after = _rewritten(tmp_path, file)
    assert word not in _builder(after)
    assert word in after


@pytest.mark.parametrize("name", NEEDED)
def test_validation_rejects_a_builder_without_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planner that leaves out all that the final stage executes: what is accepted has the steps."""

    def greedy(program: Program, layout: Layout) -> frozenset[int]:
        last = layout.builder_end or 0
        return frozenset(
            s.index for s in program.steps if program.own <= s.index < last and s.keyword != "USER"
        )

    monkeypatch.setattr(assemble, "spare_steps", greedy)
    asked: list[bool] = []
    real = validate.problems

    def recording(*args: object) -> Sequence[object]:
        found = real(*args)  # type: ignore[arg-type]
        lacking = not set(_needed(NEEDED[name])) <= set(_lines(_builder(str(args[2]))))
        asked.append(lacking)
        assert found or not lacking
        return found

    monkeypatch.setattr(validate, "problems", recording)
    _rewritten(tmp_path, NEEDED[name])
    assert any(asked)


def test_the_whole_builder_is_tried_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = NEEDED["an interpreter"]
    own = _rewritten(tmp_path, file)

    def layouts(program: Program, layout: Layout) -> frozenset[int]:
        return frozenset(s.index for s in program.steps if any("packages" in a.kinds for a in s.atoms))

    monkeypatch.setattr(assemble, "spare_steps", layouts)
    assert _rewritten(tmp_path, file) == own
