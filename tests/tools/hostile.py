"""Hostile inputs: files of golden cases, changed at random, and answers and archives of any shape."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Sequence
from email.message import Message
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import imagefiles
from support import GOLDEN

Files = dict[str, bytes]

_KEYWORDS = (
    "FROM RUN COPY ADD CMD ENTRYPOINT ENV ARG WORKDIR USER LABEL EXPOSE VOLUME SHELL HEALTHCHECK ONBUILD"
)
_WORDS = """
&& || ; | ( ) { } [ ] $( $(( ` ' " \\ # <<EOF <<-'X' $ ${ } ${A:-${B} $A$A * ** ? ! ~ A=b A=$A$A
python:3.x-slim python:3. golang:1.22 node:20 alpine debian:12 scratch --from=0 --from=builder --chown=a:b
--mount=type=cache,target=/x AS builder . / /app ../.. /x/ a{b,c} {a,{b,c}} ${x##*} ${A//b/c} $1 $@ $PATH
if then else fi for while do done case esac in function set -e cd mkdir -p rm -rf cp mv ln -s exec eval
pip install -r requirements.txt npm ci run build go build ./... apt-get update install -y gcc apk add make
"""
PIECES = [
    *(f"{keyword} " for keyword in _KEYWORDS.split()),
    *_WORDS.split(),
    *("\n", "\\\n", "\r\n", "\t", "\nEOF\n", "\0", "\ufeff", "é", "\u202e", "\x1b[2J"),
    *('["a", "b"]', "[1]", "{{ x }}", "%%A%%", "# syntax=x\n", "# slimify: ignore\n", "include Makefile\n"),
    *("$(shell x)", "&x [*x]", "<<: *x\n", "-r requirements.txt\n", "9" * 50, "a/" * 300, "x" * 3000),
    *("(" * 200, "[" * 2000, "{a,b}" * 12),
]
RULES = [
    "*",
    "**",
    "?",
    "/",
    "!",
    "[a-z]",
    "[",
    "]",
    "\\",
    "a",
    "b",
    ".",
    "..",
    " ",
    "#",
    "\t",
    "é",
    "^",
    "-",
]
SETTINGS = """
base min-saving templates keep-packages keep-paths build-args bases probes probes.options probes.volumes
probes.env probes.seconds probes.mask pr pr.labels pr.forge pr.api-url nonroot ignore
files."*a*a*a*a*a*a*a*a*a*a*a*a*b".base files."**a**a**a**a**a**a**a**b".ignore files."Dockerfile".base
bases."*k*k*k*k*k*k*k*k*k*k*k*k*k"
""".split()
_VALUES = [
    *(
        "true",
        "0",
        "-1",
        "1e400",
        "nan",
        "inf",
        "9" * 400,
        '""',
        '"5%"',
        '"\\u0000"',
        "1979-05-27",
        "[" * 200,
    ),
    *('"(a+)+b"', '["(a|a)*b", "a{9999999999}"]', '"*a*a*a*a*a*a*a*a*a*a*a*ab"'),
    *('"--privileged"', '"/:/x"', '["--volume=/:/x"]', '"../.."', '"{{ 1 // 0 }}"', "[]", '["a"]', "[[1]]"),
    '{ a = "b" }',
]
_KEYS = (
    "number id iid full_name path_with_namespace default_branch html_url web_url state title head ref label "
    "repo merged_at body description source_branch merged protected message errors error name permissions"
).split()


@cache
def projects() -> tuple[Files, ...]:
    """The inputs of golden cases, without large files and links."""
    found = []
    for directory in sorted(GOLDEN.glob("*/input")):
        paths = [p for p in sorted(directory.rglob("*")) if p.is_file() and not p.is_symlink()]
        small = {str(p.relative_to(directory)): p.read_bytes() for p in paths if p.stat().st_size < 30_000}
        if "Dockerfile" in small and len(small) <= 40:
            found.append(small)
    return tuple(found)


def changed(random: Random, data: bytes, pieces: Sequence[str] = PIECES) -> bytes:
    """A text with lines and characters lost, doubled, moved and put in."""
    lines = data.decode("utf-8", "surrogateescape").splitlines(keepends=True) or [""]
    for _ in range(random.choice((1, 1, 2, 5))):
        at, to = random.randrange(len(lines)), random.randrange(len(lines))
        line = lines[at]
        cut = random.randint(0, len(line))
        match random.randrange(7):
            case 0:
                lines[at] = ""
            case 1:
                lines.insert(to, line)
            case 2:
                lines[at], lines[to] = lines[to], line
            case 3:
                lines[at] = line[:cut] + line[random.randint(0, len(line)) :]
            case 4:
                lines[at] = line * random.choice((2, 30))
            case _:
                some = " ".join(random.choices(pieces, k=random.randint(1, 4)))
                lines[at] = line[:cut] + some + line[cut:]
    return "".join(lines).encode("utf-8", "surrogatepass" if random.random() < 0.01 else "surrogateescape")


def project(random: Random, only: Callable[[str], bool] = bool) -> Files:
    """A golden case of which some files are changed; `only` says which may be."""
    files = dict(random.choice(projects()))
    names = [name for name in files if only(name)] or ["Dockerfile"]
    for name in {random.choice(names) for _ in range(random.randint(1, 3))}:
        files[name] = changed(random, files[name])
    return files


def write(random: Random, files: Files, directory: Path) -> None:
    """Writes a context, at times with a special file in it. Files are new, and links come last: nothing is
    written through a link."""
    for name, data in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644), "wb"
        ) as file:
            file.write(data)
    if random.random() < 0.2:
        path = directory / random.choice(
            [*files, "new", ".dockerignore", "slimify.toml", "Makefile", "compose.yaml"]
        )
        path.unlink(missing_ok=True)
        match random.randrange(6):
            case 0:
                os.mkfifo(path)
            case 1:
                path.mkdir()
            case 2:
                path.symlink_to(random.choice(["/etc/passwd", "/dev/zero", "..", "loop", "/nowhere"]))
            case 3:
                os.mknod(path, stat.S_IFSOCK | 0o600)
            case 4:
                path.touch()
                os.truncate(path, 20 << 30)
            case _:
                path.touch(mode=0)


def archive(random: Random) -> bytes:
    """An image of one of the layouts, with bytes changed, lost and doubled."""
    layers = [
        imagefiles.tar(imagefiles.member("a/b", b"x" * 600), imagefiles.member("a/.wh.b")) for _ in range(2)
    ]
    make = random.choice([imagefiles.docker_members, imagefiles.oci_members])
    members = make(layers)
    names = list(members)
    for name in random.sample(names, k=random.randint(0, 2)):
        members[name] = json_text(random) if random.random() < 0.3 else changed(random, members[name])
    data = bytearray(imagefiles.archive(members))
    for _ in range(random.randint(0, 5)):
        at = random.randrange(len(data))
        match random.randrange(3):
            case 0:
                data[at] = random.randrange(256)
            case 1:
                del data[at : at + random.choice((1, 512, 1024))]
            case _:
                data[at:at] = data[at : at + random.choice((1, 512, 1024))]
    return imagefiles.gzipped(bytes(data)) if random.random() < 0.2 else bytes(data)


def settings(random: Random) -> bytes:
    lines = [f"{random.choice(SETTINGS)} = {random.choice(_VALUES)}" for _ in range(random.randint(1, 4))]
    return changed(random, "\n".join(lines).encode()) if random.random() < 0.3 else "\n".join(lines).encode()


def value(random: Random, depth: int = 0) -> Any:
    """A value of JSON with the keys that forges use."""
    kind = random.randrange(9 if depth < 4 else 6)
    match kind:
        case 0:
            return None
        case 1:
            return random.choice([0, -1, 10**30, 1.5, float("inf"), True])
        case 2 | 3:
            return random.choice(
                ["", "open", "main", "a/b", "\x1b[2J\n::error::", "\ud800", "x" * 5000, "http://[::1"]
            )
        case 4 | 5:
            return random.randint(1, 9)
        case 6:
            return [value(random, depth + 1) for _ in range(random.randint(0, 3))]
        case _:
            return {key: value(random, depth + 1) for key in random.sample(_KEYS, k=random.randint(0, 12))}


def json_text(random: Random) -> bytes:
    broken = [b"[" * 5000, b"<html>", b"\xff", b""]
    return random.choice(broken) if random.random() < 0.1 else json.dumps(value(random)).encode()


def headers(random: Random) -> Message:
    found = Message()
    for name in ("Retry-After", "X-RateLimit-Reset", "X-RateLimit-Remaining", "Link", "Location"):
        if random.random() < 0.4:
            texts = [
                "0",
                "-5",
                "9" * 40,
                "soon",
                "Fri, 31 Dec 9999 23:59:59 GMT",
                '<http://[>; rel="next"',
                "é",
                "1e9",
            ]
            found[name] = random.choice(texts)
    return found
