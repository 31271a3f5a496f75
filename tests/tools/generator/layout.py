"""The COPY lines of a project, by its style, and the looks of its Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from tools.generator.project import Project


def lay_out(p: Project, random: Random) -> None:
    style = p.facts.get("copy", "whole")
    if p.facts.get("early"):
        # not before what only root may do
        later = "before-copy build after volume".split()
        p.line("user" if any(p.slots.get(slot) for slot in later) else "before-copy", "USER app")
    if p.hidden and style not in ("whole", "chown", "add", "absolute"):
        style = "whole"  # a file that git ignores only comes along with its directory
    if "ignore-all" in p.facts:
        tops = dict.fromkeys(
            name.split("/")[0] for name in p.files if not name.startswith(("docs/", "README"))
        )
        p.ignore = ["*", *(f"!{name}" for name in tops), *p.ignore]
    if not _parts(p)[0] and style not in ("whole", "chown", "add", "absolute", "nothing"):
        style = "whole"  # there is no file to name
    lines = list(_STYLES[style](p, random)) if style != "nothing" else []
    p.slots["copy"] = [*lines, *p.slots.get("copy", [])]
    if random.random() < 0.15:
        p.slots["copy"].insert(0, "# the application")
    if random.random() < 0.3:
        for slot in ("build", "after"):
            p.slots[slot] = _merged(p.slots.get(slot, []), random.choice([" && ", " \\\n    && "]))
    if "copied-stage" in p.facts:
        _in_last_stage(p)
    endings = random.choices(["", "crlf", "no-last", "mark"], [88, 5, 5, 2])[0]
    here = any("<<" in line for lines in p.slots.values() for line in lines)
    p.facts["endings"] = "" if here and endings == "crlf" else endings
    if random.random() < 0.05:
        for lines in p.slots.values():
            lines[:] = [
                re.sub(r"(?m)^[A-Z]+(?= )", lambda m: m[0].lower(), x) if "<<" not in x else x for x in lines
            ]


def _in_last_stage(p: Project) -> None:
    """A last stage on the same image: it has the working directory of the first one, and what is outside of
    it again."""
    copied = [p.home]
    text = "".join(p.slots.get("install", []))
    copied += ["/usr/local"] if p.language == "python" and "pip" in text else []
    binary = p.facts.get("binary", "")
    copied += [binary] if binary.startswith("/") and not binary.startswith(p.home) else []
    p.slots["from"][-1] += " AS build"
    late = [line for slot in ("system", "before-copy", "after") for line in p.slots.pop(slot, [])]
    output = p.facts["copied-stage"]
    lines = [f"FROM build AS {output}\n"] if output != "build" else []
    lines += [f"FROM {p.base}", f"WORKDIR {p.home}"]
    lines += [f"COPY --from={output} {place} {place}" for place in copied]
    p.slots["after"] = ["\n".join(lines), *late]


def _merged(lines: list[str], joint: str) -> list[str]:
    """RUNs that follow each other as one."""
    found: list[str] = []
    for line in lines:
        single = line.startswith("RUN ") and "\n" not in line and "<<" not in line and "--mount" not in line
        if (
            single
            and found
            and found[-1].startswith("RUN ")
            and "<<" not in found[-1]
            and not re.search(r"(^RUN |&& |; )cd ", found[-1])
            and not re.search(r"\n[A-Z]+ ", found[-1])
        ):
            found[-1] += joint + line[4:]
        else:
            found.append(line)
    return found


def _whole(p: Project, random: Random) -> list[str]:
    return [random.choice(["COPY . .", "COPY . .", f"COPY . {p.home}", "COPY ./ ./"])]


def _add(p: Project, random: Random) -> list[str]:
    return ["ADD . ."]


def _absolute(p: Project, random: Random) -> list[str]:
    return [f"COPY . {p.home}/"]


def _owner(p: Project) -> str:
    return p.facts.get("copy-owner", "1000:1000")


def _chown(p: Project, random: Random) -> list[str]:
    return [f"COPY --chown={_owner(p)} . ."]


def _parts(p: Project) -> tuple[list[str], list[str]]:
    files = [n for n in p.places if n in p.files and not p.files[n].link]
    return files, [n for n in p.places if n not in files and any(f.startswith(n + "/") for f in p.files)]


def _named(p: Project, random: Random) -> list[str]:
    files, directories = _parts(p)
    lines = [f"COPY {' '.join(files)} ./"] if random.random() < 0.5 else [f"COPY {f} ./" for f in files]
    lines += [
        random.choice([f"COPY {d} {d}", f"COPY {d}/ ./{d}/", f"COPY {d} {p.path(d)}"]) for d in directories
    ]
    return lines


def _json(p: Project, random: Random) -> list[str]:
    files, directories = _parts(p)
    lines = ["COPY [" + ", ".join(f'"{f}"' for f in [*files, "./"]) + "]"]
    return [*lines, *(f'COPY ["{d}", "./{d}"]' for d in directories)]


def _glob(p: Project, random: Random) -> list[str]:
    files, directories = _parts(p)
    patterns: list[str] = []
    for name in files:
        stem, dot, extension = name.partition(".")
        patterns.append(f"*.{extension}" if dot and stem and extension in ("py", "js", "go") else name)
    return [f"COPY {' '.join(dict.fromkeys(patterns))} ./", *(f"COPY {d} ./{d}" for d in directories)]


def _named_chown(p: Project, random: Random) -> list[str]:
    files, directories = _parts(p)
    flag = f"--chown={_owner(p)}"
    return [f"COPY {flag} {' '.join(files)} ./", *(f"COPY {flag} {d} ./{d}" for d in directories)]


def _chmod(p: Project, random: Random) -> list[str]:
    files, directories = _parts(p)
    return [f"COPY --chmod=755 {' '.join(files)} ./", *(f"COPY {d} ./{d}" for d in directories)]


_STYLES: dict[str, Callable[[Project, Random], list[str]]] = {
    "whole": _whole,
    "add": _add,
    "absolute": _absolute,
    "chown": _chown,
    "named": _named,
    "json": _json,
    "glob": _glob,
    "named-chown": _named_chown,
    "chmod": _chmod,
}
