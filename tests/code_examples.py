"""The examples of tests/data/codes/examples.md: the smallest input for each code, and what slimify says.

A section is a code. Above a block, `<!-- file: NAME -->` makes a file of it, `<!-- image: NAME -->` the
archive of an image: its instructions in order, below each the files of its layer, one a line. The images
`original` and `rewritten` are what an engine (a script) builds. `<!-- given: NAME -->` names a situation of
code_situations.py. The last block is the command, and those of its lines that belong to the code.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import elffiles
import imagefiles
import pytest
from code_situations import GIVEN, Place
from support import ROOT, invoke
from unit.engine_fakes import Fakes

import slimify
from slimify.model.errors import SlimifyError
from slimify.verify import run_container
from slimify.verify.observation import Observation
from slimify.verify.probes import Probe
from slimify.verify.web import Answer

FILE = ROOT / "tests" / "data" / "codes" / "examples.md"
_BLOCK = re.compile(r"^<!-- (file|image): (\S+) -->\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CONSOLE = re.compile(r"^```console\n((?:\$ git .*\n)*)\$ slimify (.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_GIVEN = re.compile(r"^<!-- given: (\w+) -->$", re.MULTILINE)
IMAGES = ("original", "rewritten")
_BUILT = """
kind=rewritten; cmp -s "$file" {original} && kind=original
[ -f $S/$kind.fails ] && {{ cat $S/$kind.fails; exit 1; }}
"""
_UNITS = {"B": 1, "kB": 1000, "MB": 1_000_000}


class Example(NamedTuple):
    code: str
    blocks: tuple[tuple[str, str, str], ...]  # kind, name, text
    given: str  # the name of a situation, or ""
    git: str  # commands before
    command: str
    said: str


def examples() -> Iterator[Example]:
    text = FILE.read_text("utf-8")
    starts = [*re.finditer(r"^## (SL\d{3})$", text, re.MULTILINE)]
    for found, after in zip(starts, [*(m.start() for m in starts[1:]), len(text)], strict=True):
        console = _CONSOLE.search(text, found.end(), after)
        assert console is not None, found[1]
        blocks = tuple((m[1], m[2], m[3]) for m in _BLOCK.finditer(text, found.end(), console.start()))
        given = _GIVEN.search(text, found.end(), console.start())
        yield Example(found[1], blocks, given[1] if given else "", *console.groups())


def play(example: Example, directory: Path, patch: pytest.MonkeyPatch) -> str:
    """What the command of an example says about its code, in a directory with its files and images."""
    context, state = directory / "context", directory / "state"
    context.mkdir()
    for kind, name, text in example.blocks:
        path = state / f"{name}.tar" if name in IMAGES else context / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if kind == "file" else image(text))
        if name in IMAGES:
            _container(state, name, text)
    if state.exists():
        _engine(directory, patch)
    for command in example.git.splitlines():
        subprocess.run(["bash", "-c", command.removeprefix("$ ")], cwd=context, env=_git(), check=True)
    raised: list[str] = []

    def noted(error: SlimifyError, code: str, *rest: Any, **values: Any) -> None:
        raised.append(code)
        init(error, code, *rest, **values)

    init = SlimifyError.__init__
    given = GIVEN[example.given](directory, patch) if example.given else nullcontext(Place(context))
    with patch.context() as patched, given as place:
        patched.setattr(SlimifyError, "__init__", noted)
        result = invoke(*_words(example.command), *place.options, cwd=place.directory)
    printed = result.stdout.decode().replace(slimify.__version__, "0.1.0") + result.stderr
    printed = re.sub(r'"seconds": [\d.]+', '"seconds": 0.0', printed)
    if example.code in printed:
        return "".join(_about(example.code, printed))
    assert example.code in raised, printed  # the messages of errors are shown without their codes
    return result.stderr.replace(str(context), "").replace(place.address, "https://api.github.com")


def _git() -> dict[str, str]:
    who = {
        f"GIT_{role}_{key}": "ann@example.com"
        for role in ("AUTHOR", "COMMITTER")
        for key in ("NAME", "EMAIL")
    }
    return {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull}


def _engine(directory: Path, patch: pytest.MonkeyPatch) -> None:
    """A docker that has both images."""
    (directory / "engine").mkdir()
    fakes = Fakes(directory / "engine", patch)
    state = directory / "state"
    fakes.images(state, _BUILT.format(original=directory / "context" / "Dockerfile"))
    if any(state.glob("*.observed")):
        patch.setattr(
            run_container, "observe", lambda _, image, __, probe, *___: _observe(state, image, probe)
        )


def _container(state: Path, name: str, listing: str) -> None:
    """What the engine knows about an image, and about a container of it, which has ended: `# exit code 1`,
    `# prints TEXT`. With `# stops with exit code 0` it runs until it is stopped, as observed: `# answers
    200 TEXT` to GET /, `# health check exits with 1`, `# command exits with 1`."""
    told = dict(re.findall(r"^# (exit code|prints|does not build:) (.*)$", listing, re.MULTILINE))
    if "# stops with" in listing:
        (state / f"{name}.observed").write_text(listing)
    size = sum(int(float(n) * _UNITS[u]) for n, u in re.findall(r"([\d.]+) (B|kB|MB)\b", listing))
    described = {"Config": configuration(listing), "Size": size}
    ended = {"State": {"Running": False, "ExitCode": int(told.get("exit code", 0))}, "NetworkSettings": {}}
    (state / f"{name}.json").write_text(json.dumps([described]))
    (state / f"{name}.container").write_text(json.dumps([ended]))
    (state / f"{name}.log").write_text(told.get("prints", "ready") + "\n")
    if "does not build:" in told:
        (state / f"{name}.fails").write_text(told["does not build:"] + "\n")


def _observe(state: Path, image: str, probe: Probe) -> Observation:
    """What is observed of a container that runs until it is stopped."""
    listing = (state / f"{(state / image).read_text().strip()}.observed").read_text()
    answer = re.search(r"^# answers (\d+) (.*)$", listing, re.MULTILINE)
    exits = {
        what: int(code)
        for what, code in re.findall(r"^# (.*?) (?:exits )?with (?:exit code )?(\d+)$", listing, re.MULTILINE)
    }
    return Observation(
        exit_code=None,
        ready="listening on 8000" if answer else "running",
        start=1,
        answers={"GET /": Answer(status=int(answer[1]), body=answer[2].encode())} if answer else {},
        outputs={run.name: (exits["command"], "") for run in probe.exec},
        health=(exits["health check"], "curl: not found") if "health check" in exits else None,
        stop_exit_code=exits["stops"],
        log="ready\n",
    )


def update(example: Example, said: str) -> None:
    """Writes what was said into the file."""
    text = FILE.read_text("utf-8")
    section = text.index(f"## {example.code}\n")
    console = _CONSOLE.search(text, section)
    assert console is not None
    FILE.write_text(text[: console.start(3)] + said + text[console.end(3) :], "utf-8")


def _words(command: str) -> list[str]:
    return [word.strip("'\"") for word in re.findall(r"'[^']*'|\S+", command)]


def _about(code: str, printed: str) -> Iterator[str]:
    """The lines with a code, each with those that go on with it: they are indented further."""
    depth = None
    for line in printed.splitlines(keepends=True):
        indent = len(line) - len(line.lstrip())
        if code in line:
            depth = indent
            yield line.rstrip() + "\n"
        elif depth is not None and indent > depth and line.strip() and not re.match(r"\s*SL\d{3}", line):
            yield line.rstrip() + "\n"
        else:
            depth = None


# --- images ---------------------------------------------------------------------------------------


def image(listing: str) -> bytes:
    """The archive of an image: instructions, and the files of their layers."""
    steps: list[tuple[str, list[str]]] = []
    for line in listing.splitlines():
        if line.startswith(" "):
            steps[-1][1].append(line.strip())
        else:
            steps.append((line, []))
    layers = [imagefiles.tar(*map(_member, files)) for _, files in steps if files]
    history = [{"created_by": text} | ({} if files else {"empty_layer": True}) for text, files in steps]
    values = imagefiles.configuration(layers, config=configuration(listing), history=history)
    return imagefiles.archive(imagefiles.docker_members(layers, config=values))


def configuration(listing: str) -> dict[str, Any]:
    """The configuration that the instructions of an image give it."""
    config: dict[str, Any] = {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": ["python", "app.py"]}
    for word, rest in re.findall(r"^([A-Z]+) (.*)$", listing, re.MULTILINE):
        if word == "ENV":
            config["Env"].append(rest)
        elif word in ("CMD", "ENTRYPOINT"):
            config[word.capitalize()] = json.loads(rest)
        elif word == "USER":
            config["User"] = rest
        elif word == "WORKDIR":
            config["WorkingDir"] = rest
        elif word == "VOLUME":
            config["Volumes"] = {rest: {}}
        elif word == "EXPOSE":
            config["ExposedPorts"] = {f"{rest}/tcp": {}}
    return config


def _member(line: str) -> Any:
    path, _, what = line.partition("  ")
    path, what, values = path.removeprefix("/"), what.strip(), {}
    for name, found in re.findall(r"\[(mode|owner) (\d+)\]", what):
        values |= {"mode": int(found, 8)} if name == "mode" else {"uid": int(found), "gid": int(found)}
    what = re.sub(r"\s*\[(mode|owner) \d+\]", "", what)
    if what == "removed":
        parent, _, name = path.rpartition("/")
        return imagefiles.member(f"{parent}/.wh.{name}")
    if what.startswith("-> "):
        return imagefiles.member(path, kind="symlink", linkname=what[3:])
    if path.endswith("/"):
        return imagefiles.member(path.rstrip("/"), kind="directory", **{"mode": 0o755, **values})
    if what.startswith("elf"):
        return imagefiles.member(path, _elf(what), **{"mode": 0o755, **values})
    return imagefiles.member(path, _content(path, what), **values)


def _elf(what: str) -> bytes:
    """An ELF file: `elf needs=libpq.so.5,libc.so.6 glibc=2.38`, or of a library `elf name=libpq.so.5
    defines=GLIBC_2.36`; with `symbols=2 MB`, not stripped."""
    found = dict(re.findall(r"(\w+)=(\d+ [kM]B|\S+)", what))
    needed = tuple(found.get("needs", "").split(",")) if "needs" in found else ()
    glibc = found.get("glibc")
    versions = (("libc.so.6", (f"GLIBC_{glibc}",)),) if glibc else ()
    interpreter = "" if "name" in found else "/lib64/ld-linux-x86-64.so.2"
    number, _, unit = found.get("symbols", "0 B").partition(" ")
    made = elffiles.Maker(
        interpreter=interpreter,
        needed=needed,
        soname=found.get("name", ""),
        versions=versions,
        defines=tuple(filter(None, found.get("defines", "").split(","))),
        symbols=int(number) * _UNITS[unit],
    )
    return made.bytes()


def _content(path: str, what: str) -> bytes:
    size = re.match(r"([\d.]+) (B|kB|MB)(?: of (\S+))?$", what)
    if size is None:
        return json.loads(what).encode() if what else b""
    seed = (size[3] or path).encode() + b"\n"
    number = int(float(size[1]) * _UNITS[size[2]])
    return (seed * (number // len(seed) + 1))[:number]
