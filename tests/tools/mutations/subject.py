"""A rewrite that slimify made of a golden case, with what mutations have to know of it.

Nothing here asks slimify's analysis, planning or validation what an image needs: whether a mutant is harmful
is decided by reading the Dockerfile and the files of the context.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from slimify.analysis.program import Program
from slimify.facts.carried import installed
from slimify.facts.images import ImageFacts
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.plan import Plan
from slimify.syntax.dockerfile.instructions import CopyParts, arg_names, copy_parts, from_parts, split_stages
from slimify.syntax.dockerfile.parser import encode, parse
from slimify.syntax.dockerfile.scope import scopes
from slimify.syntax.dockerfile.words import expand
from slimify.syntax.shell.script import read_run

Stage = list[Instruction]
# The file by which they find a project.
_PROJECT_FILES = {
    "package.json": frozenset(("npm", "yarn", "pnpm")),
    "pyproject.toml": frozenset(("poetry",)),
    "Pipfile": frozenset(("pipenv",)),
}
_WORD = re.compile(r"[\w@%+.,:/=~-]+")


@dataclass(frozen=True)
class Part:
    """One command of a RUN. `operator` is what joins it to the one before."""

    text: str
    operator: str
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Subject:
    name: str
    program: Program
    plan: Plan
    text: str
    original: Dockerfile

    @cached_property
    def file(self) -> Dockerfile:
        return parse(encode(self.text), self.program.name)

    @cached_property
    def stages(self) -> list[Stage]:
        """The stages up to the one that defines the image."""
        stages = split_stages(self.file)
        names = [from_parts(stage[0]).alias for stage in stages]
        last = len(stages) - 1
        while len(stages[last]) == 1 and from_parts(stages[last][0]).image.lower() in names[:last]:
            last = names.index(from_parts(stages[last][0]).image.lower())
        return stages[: last + 1]

    @property
    def final(self) -> Stage:
        return self.stages[-1]

    @property
    def builders(self) -> list[Stage]:
        return self.stages[:-1]

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The files of the context that a COPY can bring."""
        return tuple(sorted(self.program.context.files))

    @cached_property
    def contents(self) -> Mapping[str, str]:
        found = {}
        for name in self.files:
            path = self.program.context.root / name if self.program.context.root else None
            if path and path.is_file() and path.stat().st_size < 100_000:
                found[name] = path.read_text("utf-8", "replace")
        return found

    # --- changes of the text --------------------------------------------------------------------------

    def edit(
        self,
        changes: Mapping[int, str] | None = None,
        *,
        before: Mapping[int, str] | None = None,
        after: Mapping[int, str] | None = None,
    ) -> str:
        """The text with some instructions replaced ("" removes one), and lines before or after some. Keys are
        places in `file.instructions`."""
        changes, before, after = changes or {}, before or {}, after or {}
        at = {id(x): i for i, x in enumerate(self.file.instructions)}
        out = []
        for node in self.file.nodes:
            place = at.get(id(node))
            if place is None:
                out.append(node.raw)
                continue
            out += [_line(before[place])] if place in before else []
            out.append(_line(changes[place]) if place in changes else node.raw)
            if place in after:
                out[-1] = _line(out[-1])
                out.append(_line(after[place]))
        return "".join(out)

    def at(self, instruction: Instruction) -> int:
        return self._places[id(instruction)]

    @cached_property
    def _places(self) -> dict[int, int]:
        return {id(x): i for i, x in enumerate(self.file.instructions)}

    def without(self, *instructions: Instruction) -> str:
        return self.edit({self.at(x): "" for x in instructions})

    def replaced(self, instruction: Instruction, line: str) -> str:
        return self.edit({self.at(instruction): line})

    def swapped(self, one: Instruction, other: Instruction) -> str:
        return self.edit({self.at(one): _line(other.raw), self.at(other): _line(one.raw)})

    def moved(self, instruction: Instruction, in_front_of: Instruction) -> str:
        return self.edit({self.at(instruction): ""}, before={self.at(in_front_of): instruction.raw})

    def appended(self, stage: Stage, line: str) -> str:
        return self.edit(after={self.at(stage[-1]): line})

    def inserted(self, after: Instruction, line: str) -> str:
        return self.edit(after={self.at(after): line})

    # --- state ----------------------------------------------------------------------------------------

    def base(self, stage: Stage) -> ImageFacts | None:
        image = from_parts(stage[0]).image
        for other in self.stages:
            if other is not stage and from_parts(other[0]).alias == image.lower():
                return self.base(other)
        scope = scopes(self.file, {}, self.program.build_args)[self.at(stage[0])]
        return self.program.facts_of(expand(image, scope) or image)

    def inherits_argument(self, stage: Stage, name: str) -> bool:
        """Whether a stage that `stage` builds on declares a build argument: its value is inherited."""
        parent = self.parent(stage)
        if parent is None:
            return False
        own = (n for x in parent if x.keyword == "ARG" for n, _ in arg_names(x))
        return name in own or self.inherits_argument(parent, name)

    def builds_on(self, stage: Stage, other: Stage) -> bool:
        """Whether a stage starts from another one, or from one that does."""
        parent = self.parent(stage)
        return parent is not None and (parent is other or self.builds_on(parent, other))

    def parent(self, stage: Stage) -> Stage | None:
        image = from_parts(stage[0]).image.lower()
        return next((x for x in self.stages if x is not stage and from_parts(x[0]).alias == image), None)

    @cached_property
    def _scopes(self) -> list[Mapping[str, str]]:
        found: list[Mapping[str, str]] = [{} for _ in self.file.instructions]
        for stage in self.stages:
            base = self.base(stage)
            env = {k: v for k, v in (base.env if base else {}).items() if v is not None}
            rows = scopes(self.file, env, self.program.build_args)
            for x in stage:
                found[self.at(x)] = rows[self.at(x)]
        return found

    def expanded(self, instruction: Instruction, text: str) -> str:
        return expand(text, self._scopes[self.at(instruction)]) or text

    def directory(self, stage: Stage, instruction: Instruction | None = None) -> str:
        """The working directory at an instruction, or at the end of the stage."""
        base, parent = self.base(stage), self.parent(stage)
        found = self.directory(parent) if parent is not None else (base.workdir if base else None) or "/"
        for x in stage[1:]:
            if x is instruction:
                break
            if x.keyword == "WORKDIR":
                found = posixpath.join(found, self.expanded(x, x.value).strip().strip("\"'"))
        return posixpath.normpath(found)

    def stage_of(self, instruction: Instruction) -> Stage:
        return next(stage for stage in self.stages if any(x is instruction for x in stage))

    def packages_of(self, stage: Stage) -> frozenset[str]:
        base = self.base(stage)
        return installed(base, nearest=True) if base is not None else frozenset()

    # --- copies ---------------------------------------------------------------------------------------

    def from_builder(self) -> list[Instruction]:
        return [x for x in self.final if x.keyword == "COPY" and x.flag("from") and not x.heredocs]

    def from_context(self, stage: Stage) -> list[Instruction]:
        return [
            x
            for x in stage
            if x.keyword in ("COPY", "ADD")
            and not x.flag("from")
            and not x.heredocs
            and not any("://" in s for s in copy_parts(x).sources)
        ]

    def target(self, copy: Instruction) -> str:
        """Where a COPY puts things, absolute; a trailing slash stays."""
        dest = self.expanded(copy, copy_parts(copy).dest)
        path = posixpath.normpath(posixpath.join(self.directory(self.stage_of(copy), copy), dest))
        return path + "/" if dest.endswith(("/", "/.")) and path != "/" else path

    def brings(self, copy: Instruction, sources: Sequence[str] | None = None) -> dict[str, str]:
        """What a COPY from the context brings: paths of the image, and of the context."""
        parts = copy_parts(copy)
        given = [self.expanded(copy, s) for s in (sources if sources is not None else parts.sources)]
        target = self.target(copy)
        several = len(parts.sources) > 1 or any(ch in s for s in given for ch in "*?[")
        folder = target.endswith("/") or several or target == self.directory(self.stage_of(copy), copy)
        found = {}
        for source in given:
            name = posixpath.normpath(source.lstrip("/") or ".")
            for file in self.files:
                if name == "." or file.startswith(name + "/"):
                    inner = file if name == "." else file[len(name) + 1 :]
                    found[posixpath.join(target, inner)] = file
                elif file == name or (fnmatchcase(file, name) and file.count("/") == name.count("/")):
                    path = posixpath.join(target, posixpath.basename(file)) if folder else target
                    found[path] = file
                elif any(ch in name for ch in "*?["):
                    top = "/".join(file.split("/")[: name.count("/") + 1])
                    if fnmatchcase(top, name) and file != top:
                        found[posixpath.join(target, file[len(top) + 1 :])] = file
        return found

    def brought_otherwise(self, copy: Instruction, path: str) -> bool:
        """Whether another instruction of that stage brings a path, too."""
        stage = self.stage_of(copy)
        for other in stage:
            if other is copy or other.keyword not in ("COPY", "ADD") or other.heredocs:
                continue
            if other.flag("from"):
                # the whole directory comes from the builder
                target = self.target(other).rstrip("/")
                if path == target or path.startswith(target + "/"):
                    return True
            elif path in self.brings(other):
                return True
        return False

    # --- commands -------------------------------------------------------------------------------------

    def runs(self, stage: Stage) -> list[Instruction]:
        return [x for x in stage if x.keyword == "RUN" and x.exec_form is None]

    def parts(self, run: Instruction) -> list[Part]:
        """The commands of a RUN; () where it can't be taken apart."""
        script = read_run(run, escape=self.file.escape)
        return [
            Part(script.text[a.start : a.end], a.operator or ("" if n == 0 else "&&"), a.start, a.end)
            for n, a in enumerate(script.atoms)
        ]

    def with_parts(self, run: Instruction, parts: Sequence[tuple[str, str]]) -> str:
        """The text in which a RUN has these operators and commands; without commands it goes."""
        if not parts:
            return self.without(run)
        if run.heredocs:
            body = run.heredocs[0].body
            new = "".join(f"{text}\n" for _, text in parts)
            return self.replaced(run, run.raw.replace(body, new, 1))
        joined = "".join(
            text if n == 0 else (f" {op} {text}" if op != ";" else f"; {text}")
            for n, (op, text) in enumerate(parts)
        )
        return self.replaced(run, f"RUN {flags_of(run)}{joined}")

    def commands(self, stage: Stage) -> Iterator[tuple[Instruction, int, Part]]:
        for run in self.runs(stage):
            for number, part in enumerate(self.parts(run)):
                yield run, number, part

    # --- what run time needs --------------------------------------------------------------------------

    @cached_property
    def start(self) -> tuple[str, ...]:
        """The words of what the image starts: ENTRYPOINT, CMD and HEALTHCHECK."""
        last = {x.keyword: x for x in self.final if x.keyword in ("ENTRYPOINT", "CMD", "HEALTHCHECK")}
        words: list[str] = []
        for keyword in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
            if keyword in last:
                x = last[keyword]
                words += x.exec_form if x.exec_form is not None else _WORD.findall(x.value)
        base = self.base(self.final)
        if base is not None and "CMD" not in last and "ENTRYPOINT" not in last:
            words += [*base.entrypoint, *base.cmd]
        return tuple(words)

    @cached_property
    def needed_files(self) -> frozenset[str]:
        """Files of the context that run time needs for certain: the start names them, or such a file does."""
        todo = list(self._named(" ".join(self.start), start=True))
        todo += [f for f in self.files if f.endswith(".go") and not f.endswith("_test.go")]
        found: set[str] = set()
        while todo:
            name = todo.pop()
            if name in found:
                continue
            found.add(name)
            todo += self._named(self.contents.get(name, ""), start=posixpath.basename(name) == "package.json")
        return frozenset(f for f in found if not f.endswith((".go", ".lock", "-lock.json", ".md")))

    def _starters(self, file: str) -> frozenset[str]:
        """The programs that start nothing of a project without this file."""
        if "[tool.uv.workspace]" in self.contents.get(file, ""):
            return frozenset(("uv",))
        return _PROJECT_FILES.get(posixpath.basename(file), frozenset())

    def _named(self, text: str, start: bool = False) -> Iterator[str]:
        words = set(_WORD.findall(text))
        last = {w.rpartition("/")[2] for w in words}
        modules = {w.partition(":")[0].rpartition(".")[2] for w in words} if start else set()
        modules |= {m.rpartition(".")[2] for m in re.findall(r"^\s*(?:import|from)\s+([\w.]+)", text, re.M)}
        for file in self.files:
            stem, ext = posixpath.splitext(posixpath.basename(file))
            if (
                stem + ext in last
                or (ext == ".py" and stem in modules)
                or (ext in (".js", ".mjs", ".cjs") and f"./{stem}" in words)
                or (start and words & self._starters(file))
            ) and not file.endswith((".go", ".mod")):
                yield file

    @cached_property
    def git_ignored(self) -> tuple[str, ...]:
        """The files that git ignores by name, in the top directory."""
        lines = self.contents.get(".gitignore", "").split()
        return tuple(f for f in self.files if any(fnmatchcase(f, line.lstrip("/")) for line in lines))

    @cached_property
    def manifests(self) -> str:
        """The texts of the files that name dependencies."""
        names = ("requirements", "pyproject", "Pipfile", "setup", "go.mod", "package.json")
        return "\n".join(t for f, t in self.contents.items() if posixpath.basename(f).startswith(names))

    def sources_mention(self, pattern: str) -> bool:
        kept = (t for f, t in self.contents.items() if not f.endswith((".md", "_test.go", "-lock.json")))
        return any(re.search(pattern, text) for text in kept)

    @cached_property
    def package_json(self) -> dict[str, object]:
        try:
            return dict(json.loads(self.contents.get("package.json", "{}")))
        except ValueError:
            return {}

    @property
    def several(self) -> bool:
        return len(self.stages) > 1


def _line(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def flags_of(instruction: Instruction, without: str = "") -> str:
    kept = (f for f in instruction.flags if f.name != without)
    return "".join(f"--{f.name}={f.value} " if f.value is not None else f"--{f.name} " for f in kept)


def copy_line(
    copy: Instruction,
    *,
    sources: Sequence[str] | None = None,
    dest: str | None = None,
    flags: str | None = None,
) -> str:
    """A COPY with some of its words changed."""
    parts: CopyParts = copy_parts(copy)
    words = [*(sources if sources is not None else parts.sources), dest if dest is not None else parts.dest]
    given = flags if flags is not None else flags_of(copy)
    return f"{copy.keyword} {given}{' '.join(words)}"


def with_command(s: Subject, run: Instruction, number: int, text: str | None) -> str:
    """The text in which one command of a RUN is another, or gone."""
    parts = [(p.operator, p.text) for p in s.parts(run)]
    if text is None:
        del parts[number]
    else:
        parts[number] = (parts[number][0], text)
    return s.with_parts(run, parts)


def as_root(s: Subject, line: str) -> str:
    """The text with a line in front of the first USER, or at the end of the final stage."""
    user = next((x for x in s.final if x.keyword == "USER"), None)
    return s.edit(before={s.at(user): line}) if user is not None else s.appended(s.final, line)
