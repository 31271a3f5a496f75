"""What elements of several kinds use."""

from __future__ import annotations

import codecs
import json
from random import Random

from tools.generator.project import File, Project
from tools.generator.simulation.probes import Probe

_EVERY = ("read", "read-path", "read-split", "read-joined", "read-formatted", "read-computed")


def look(p: Project, random: Random, directory: str, name: str, forms: tuple[str, ...] = _EVERY) -> None:
    """Reads `directory/name` in one of the ways in which sources name a file."""
    form = random.choice(
        [f for f in forms if not (f == "read-joined" and (directory.startswith("/") or p.language == "go"))]
    )
    stem, _, extension = name.partition(".")
    what = f"{directory}/{name}"
    p.probe(
        form,
        what,
        beside=form == "read-joined",
        directory=directory,
        name=name,
        stem=stem,
        extension=extension,
    )


def plain(p: Project) -> bool:
    return "distribution-language" not in p.facts


def module(p: Project, random: Random, name: str) -> None:
    form = random.choice(["module", "module", "module-named"]) if p.language == "python" else "module"
    p.probe(form, name, bare=name)


def package(p: Project) -> dict[str, object]:
    if "package.json" in p.files:
        return dict(json.loads(p.files["package.json"].data))
    return {"name": "app", "version": "1.0.0"}


def save_package(p: Project, data: dict[str, object]) -> None:
    p.add("package.json", json.dumps(data, indent=2) + "\n")


def interpreter(p: Project) -> str:
    python = "python3" if "distribution-language" in p.facts else "python"
    return {"python": p.facts.get("interpreter", python), "node": "node"}[p.language]


def full(p: Project) -> bool:
    return not (p.slim or p.alpine) and plain(p)


def starts_command(p: Project, *words: str, label: str = "") -> None:
    """The program starts a command, and needs that it succeeds."""
    p.probe(
        "command",
        " ".join(words),
        label=label,
        bare_words=json.dumps(words),
        bare_first=json.dumps(words[0]),
        bare_others=json.dumps(words[1:]),
        bare_arguments=", ".join(map(json.dumps, words)),
    )


def require(p: Project, requirement: str) -> None:
    """Adds a line to requirements.txt, in the encoding that the file has."""
    data = p.files["requirements.txt"].data
    marked = data.startswith(codecs.BOM_UTF16_LE)
    p.files["requirements.txt"] = File(data + f"{requirement}\n".encode("utf-16-le" if marked else "utf-8"))


def needs(p: Project, text: str, *libraries: str) -> None:
    """The program loads a module, which does not load without its libraries."""
    label = f"linked-{len(p.parts)}"
    p.parts.append((label, text))
    p.main.probes += [Probe(label, "library", library) for library in libraries]
