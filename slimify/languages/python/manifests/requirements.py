"""pip requirements: files with their includes, and single requirement strings (PEP 508).

In: a `Context` and a path; out: requirements in file order. Follows pip's "Requirements File Format";
versions are not compared and markers not evaluated.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec import Struct

from slimify.context.scan import Context
from slimify.languages.python.package_facts import normalised

_MAX_FILES = 100
_VCS = ("git+", "hg+", "svn+", "bzr+")
_ARCHIVES = (".whl", ".tar.gz", ".tgz", ".tar.bz2", ".zip", ".egg")


class Requirement(Struct, frozen=True, kw_only=True):
    """One requirement. `name` is normalized (PEP 503), "" if the text does not contain it.

    `raw` is the text without comment, `path` a local directory or archive in the context, `specifier` the
    part after the name (`>=1,<2`).
    """

    name: str
    raw: str
    file: str = ""
    line: int = 0
    extras: tuple[str, ...] = ()
    specifier: str = ""
    editable: bool = False
    url: str | None = None
    path: str | None = None


class RequirementsFile(Struct, frozen=True, kw_only=True):
    """A requirements file with all its includes.

    `files` are all files read, the file itself first. `missing` are named files that are not in the
    context. `options` are (option, value, file, line) such as `--index-url`.
    """

    items: tuple[Requirement, ...] = ()
    constraints: tuple[Requirement, ...] = ()
    files: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    options: tuple[tuple[str, str, str, int], ...] = ()


def requirements(context: Context, path: str) -> tuple[Requirement, ...]:
    """The requirements that a file installs, with its includes."""
    return read_requirements(context, path).items


def read_requirements(context: Context, path: str) -> RequirementsFile:
    """A requirements file and its includes; each file is read once, so cycles end."""
    items: list[Requirement] = []
    constraints: list[Requirement] = []
    files: list[str] = []
    missing: list[str] = []
    options: list[tuple[str, str, str, int]] = []
    pending = [(posixpath.normpath(path), False)]
    while pending and len(files) < _MAX_FILES:
        name, constraint = pending.pop(0)
        if name in files:
            continue
        text = None if "://" in name or name.startswith("../") else context.text(name)
        if text is None or "\0" in text:  # no text that pip reads
            missing.append(name)
            continue
        files.append(name)
        for line, content in _lines(text):
            option, value = _option(content)
            if option in ("-r", "-c"):
                target = (
                    value
                    if "://" in value
                    else posixpath.normpath(posixpath.join(posixpath.dirname(name), value))
                )
                pending.append((target, constraint or option == "-c"))
            elif option and option != "-e":
                options.append((option, value, name, line))
            else:
                text = value if option else content
                parsed = parse_requirement(text, file=name, line=line, editable=bool(option))
                (constraints if constraint else items).append(parsed)
    return RequirementsFile(
        items=tuple(items),
        constraints=tuple(constraints),
        files=tuple(files),
        missing=tuple(missing),
        options=tuple(options),
    )


def parse_requirement(text: str, *, file: str = "", line: int = 0, editable: bool = False) -> Requirement:
    """One requirement as pip accepts it: PEP 508, a URL, a path or an archive."""
    raw = text.strip()
    bare = re.split(r"\s--?[a-z]", raw, maxsplit=1)[0].strip()
    named = re.match(r"([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?\s*(@?)\s*(.*)$", bare, re.DOTALL)
    direct = named is not None and named[3] == "@"
    if named is not None and not direct and not _is_location(bare):
        specifier = named[4].partition(";")[0]
        return Requirement(
            name=normalised(named[1]),
            raw=raw,
            file=file,
            line=line,
            extras=_extras(named[2]),
            specifier=specifier.strip().strip("()"),
            editable=editable,
        )
    location = (named[4] if named is not None and direct else bare).partition(" ;")[0].strip().strip("\"'")
    extras = (
        _extras(named[2]) if named is not None and direct else _extras(_first(r"\[([\w\s,.-]*)\]$", location))
    )
    name = named[1] if named is not None and direct else _name_of(location)
    url = location if "://" in location or location.startswith(_VCS) else None
    local = re.sub(r"\[[^\]]*\]$", "", location.removeprefix("file:"))
    return Requirement(
        name=normalised(name),
        raw=raw,
        file=file,
        line=line,
        extras=extras,
        editable=editable,
        url=url,
        path=None if url else _local(file, local),
    )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """(first line, content) with continuations joined and comments removed, as pip does."""
    pending = ""
    start = 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start or number
        comment = re.match(r"\s*#", line) is not None
        if line.endswith("\\") and not comment:
            pending += line[:-1] + " "
            continue
        content = re.sub(r"(^|\s+)#.*$", "", pending + ("" if comment else line)).strip()
        if content:
            yield start, content
        pending, start = "", 0
    if pending.strip():
        yield start, pending.strip()


def _option(content: str) -> tuple[str, str]:
    """(short option, value) of an option line, ("", "") for a requirement."""
    if not content.startswith("-"):
        return "", ""
    match = re.match(r"(--[\w-]+|-\w)(?:\s*=\s*|\s+|)(.*)$", content, re.DOTALL)
    if match is None:
        return content, ""
    short = {"--requirement": "-r", "--constraint": "-c", "--editable": "-e", "--find-links": "-f"}
    return short.get(match[1], match[1]), match[2].strip().strip("\"'")


def _is_location(text: str) -> bool:
    head = text.partition(" ;")[0].partition(";")[0]
    return (
        "://" in head
        or head.startswith((*_VCS, ".", "/", "~", "file:"))
        or ("/" in head and not re.search(r"[<>=!~]", head))
        or head.rstrip().endswith(_ARCHIVES)
    )


def _extras(text: str | None) -> tuple[str, ...]:
    return tuple(normalised(part.strip()) for part in (text or "").split(",") if part.strip())


def _name_of(location: str) -> str:
    """The distribution at a location, from `#egg=` or the archive's name; "" if neither contains it."""
    egg = _first(r"[#&]egg=([\w.-]+)", location)
    if egg:
        return egg
    base = re.split(r"[#?]", location.rpartition("/")[2])[0]
    if base.endswith(".whl"):
        return base.partition("-")[0]
    return _first(r"^(.+?)-\d[^-]*(?:\.tar\.gz|\.tgz|\.tar\.bz2|\.zip)$", base) or ""


def _first(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return match[1] if match else None


def _local(file: str, location: str) -> str | None:
    # pip resolves a local path against its working directory, in practice the directory of the file.
    if location.startswith(("/", "~")) or "$" in location:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(file), location))
    return None if path.startswith("..") else ("" if path == "." else path)
