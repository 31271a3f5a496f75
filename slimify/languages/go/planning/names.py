"""Image paths named by a Go program's command line, settings and sources."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from slimify.analysis.closed_worlds import scripted_paths
from slimify.analysis.program import Program, Step
from slimify.analysis.server_files import served_files
from slimify.facts.shells import is_shell_file, is_shell_script
from slimify.facts.system import is_shared_directory
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.semantics.paths import inside
from slimify.syntax.dockerfile.instructions import env_pairs
from slimify.syntax.dockerfile.words import expand


def opens_unknown(program: Program) -> bool:
    """Whether the program opens files whose names are only known at run time."""
    return program.runtime_needs.sources.opens_unknown


def named_paths(program: Program) -> tuple[str, ...]:
    """Image paths named at run time: in arguments, variables, sources and chmod."""
    found: dict[str, None] = {}
    # where the sources are copied to is often a variable of the build
    copied = frozenset(program.copy_targets)
    homes = {program.end_state.cwd or "/", *(e.cwd for e in program.runtime_needs.start if e.cwd)}

    looked_up = _looked_up(program)

    def note(word: str) -> None:
        word = word.strip("\"'").partition("*")[0]
        if word.strip("./"):
            found.update((posixpath.normpath(posixpath.join(home, word)), None) for home in homes)

    for use in program.runtime_needs.sources.paths:
        note(use.name)
        inner = posixpath.normpath(use.name)
        if inner == "." or program.context.has(inner):
            inner = "" if inner == "." else inner
            found.update((path, None) for path in program.end_state.view.image_paths(inner))
    found.update(dict.fromkeys(_own_programs(program)))
    for effect in program.runtime_needs.start:
        for word in (*effect.reads, *({effect.command.name or effect.tool} - looked_up)):
            note(word)
            found.update(dict.fromkeys(_named_in_script(program, word, homes)))
    for use in (*served_files(program).paths, *scripted_paths(program, known=True)):
        if program.end_state.view.context_path(use.name) is not None:
            found[use.name] = None
    told = [word.value or "" for effect in program.runtime_needs.start for word in effect.command.words[1:]]
    told += [arg.value or "" for started in program.runtime_needs.programs for arg in started.call.args]
    for argument in (*program.runtime.argv, *told):
        for word in argument.replace("=", " ").split():
            is_path = "/" in word or "." in word or program.context.has(posixpath.normpath(word))
            if is_path and word not in looked_up:
                note(word)
    for step in program.steps:
        if step.keyword == "ENV":
            known = step.state.known_env
            for name, raw in env_pairs(step.instruction):
                value = expand(raw, known) or ""
                if name not in ("PATH", "GOPATH") and value.startswith(("/", "./")) and value not in copied:
                    note(value)
        if step.keyword == "RUN":
            found.update(dict.fromkeys(_read_by_final_step(program, step)))
    return (*found, *(p for name in found for p in _behind_links(program, name) if p not in found))


def _looked_up(program: Program) -> frozenset[str]:
    """The programs that are started by a name without a slash: looked up in PATH, never in the working
    directory."""
    names = (effect.command.name or effect.tool for effect in program.runtime_needs.start)
    return frozenset(name for name in names if "/" not in name)


def _own_programs(program: Program) -> Iterator[str]:
    """The files of the context that are started by a name on PATH."""
    state, needs = program.end_state, program.runtime_needs
    for name in dict.fromkeys((*(use.name for use in needs.sources.commands), *sorted(_looked_up(program)))):
        for directory in (state.env.get("PATH") or "").split(":"):
            path = posixpath.join(directory, name)
            if directory and state.view.context_path(path) is not None:
                yield path


def _behind_links(program: Program, name: str) -> Iterator[str]:
    """The links of the context that a name leads through, and where it ends."""
    context, view = program.context, program.end_state.view
    held = view.context_path(name) if context.symlinks else None
    real = context.resolve(held) if held else None
    if held is None or real is None or real == held:
        return
    links = (link for link in context.symlinks if inside(held, link))
    for path in (real, *links):
        yield from view.image_paths(path)


def _named_in_script(program: Program, script: str, homes: Iterable[str]) -> Iterator[str]:
    """The copied files that a shell script names. Programs that it passes them to may be unknown."""
    for home in homes:
        text = program.end_state.view.text(posixpath.join(home, script)) or ""
        if not (is_shell_script(text) or is_shell_file(script)):
            continue
        for word in _WORD.findall(text):
            path = posixpath.normpath(posixpath.join(home, word))
            there = program.end_state.view.context_path(path) is not None
            if path not in homes and (there or ENV_FILES.search(path)):
                yield path


# Settings files that are not in the repository, only in the context where images are built.
ENV_FILES = regex(r"/(?:\.env(?:\.[\w.-]+)?|[\w.-]+\.env)$")
# Words that are plain paths.
_WORD = regex(r"(?<![\w./$}-])[\w./-]*\w")


def _names_in_system_file(program: Program, effect: Effect) -> Iterator[str]:
    """The copied files named by a line that a step writes to a system file (shell settings, a crontab), and
    by the scripts among them."""
    view = program.end_state.view
    words = [m for w in effect.command.words for m in _WORD.findall(w.value or "") if m.startswith("/")]
    worked_on = {*effect.reads, *effect.writes, *effect.deletes}
    pending = [p for p in words if p not in worked_on and view.context_path(p) is not None]
    seen: dict[str, None] = {}
    while pending and len(seen) < _MAX_NAMED:
        path = pending.pop()
        if path not in seen:
            seen[path] = None
            inner = [path, *view.under(path)]
            pending += [n for p in inner[:_MAX_NAMED] for n in _named_in_script(program, p, ("/",))]
    yield from seen


_MAX_NAMED = 100


def _read_by_final_step(program: Program, step: Step) -> Iterator[str]:
    """The files that the commands of a RUN read in the final stage: what they copy, the Makefiles and scripts
    they follow, and the scripts that they make executable."""
    for atom in step.atoms:
        if atom.role == "build":
            continue
        for effect in atom.effects:
            read = (p for p in (*effect.reads, *effect.manifests) if not is_shared_directory(p))
            yield from (p for p in read if not p.endswith((".go", ".mod", ".sum")))
            registers = effect.kind == "system" or (effect.kind == "files" and effect.writes)
            if registers and atom.role == "run":
                yield from _names_in_system_file(program, effect)
            if effect.kind == "meta" and effect.tool == "chmod":
                for path in effect.writes:
                    inner = step.state.view.context_path(path)
                    if inner is not None and not program.context.is_dir(inner):
                        yield path


def copied_again(program: Program, step: Step) -> frozenset[str]:
    """The files that a later COPY of the final stage brings as well, and that none of its RUNs reads."""
    later = [s for s in program.steps if s.index > step.index and s.role != "build"]
    read = {path for s in later for e in s.effects for path in e.reads}
    copied = (s.visit.copy_targets or () for s in later if s.keyword in ("COPY", "ADD"))
    return frozenset(path for paths in copied for path in paths if path not in read)
