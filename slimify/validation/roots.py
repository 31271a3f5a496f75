"""What run time needs of the image, and whether the new image has the same."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from slimify.analysis.brought_programs import built_programs, installed_programs, packaged_programs
from slimify.facts.image_tables import busybox_servers, entry_scripts
from slimify.facts.servers import document_roots, is_web_server
from slimify.facts.settings import library_settings
from slimify.facts.system import default_path, is_scratch
from slimify.languages import language
from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.semantics.effects.call import Call
from slimify.semantics.machine.content import content_at, exists_in
from slimify.semantics.machine.stages import Event, Origin
from slimify.semantics.paths import ancestors, inside, join_path, overlap
from slimify.validation.comparison import Comparison

_WILDCARD = regex(r"/[^/]*[*?\[].*")  # `templates/*.html` names the directory
_ABSOLUTE = regex(r"(?<![\w./])/[\w@%+.-]+(?:/[\w@%+.-]+)+")
_PATH = regex(r"(?=[\w./])(?!\d+\Z)[\w@%+=,./-]+")  # a word that may be a path


def root_problems(compared: Comparison, roots: Sequence[str]) -> Iterator[Reason]:
    """Paths that run time needs (`root_paths`) and that the new image lacks or has from elsewhere."""
    old, new = compared.old.final, compared.new.final
    for path in roots:
        before, after = content_at(old, path).origins, content_at(new, path).origins
        lost = (o for o in before if o not in after and o.kind != "directory")
        if any(_matters(compared, o, path) for o in lost):
            yield Reason.of("SL409", "start_missing", path=path)


def _matters(compared: Comparison, origin: Origin, path: str) -> bool:
    """Whether a step leaves more at or below a path that run time names than sources of a compiled language,
    or a directory that the new image has, too."""
    if origin.kind != "command":
        return True
    view = compared.old.final.end.view
    brought = view.context_path(path) is not None or view.is_dir(path)
    for event in compared.old.final.events:
        for effect in event.effects if event.origin == origin else ():
            for written in (*effect.writes, *effect.outputs):
                if not overlap(written, path) or is_directory_still(compared, effect, path):
                    continue
                if written == path and _is_emptied(compared, event, path):
                    continue
                source = (written != path and is_for_compiler(compared, written)) or (
                    brought and inside(path, written) and is_source(compared, effect, written)
                )
                if not source and not is_generated_source(compared, effect):
                    return True
    return False


def _is_emptied(compared: Comparison, event: Event, path: str) -> bool:
    """Whether the file deletes what a pattern matches in a directory for temporary files, after a step left
    files of unknown names there: its own rubbish."""
    later = (x for x in compared.old.final.events if x.number > event.number)
    patterns = (d for x in later for e in x.effects for d in e.deletes if set(d) & set("*?["))
    return is_scratch(path) and any(posixpath.dirname(pattern) == path for pattern in patterns)


def path_problems(compared: Comparison) -> Iterator[Reason]:
    """Directories of started programs, and of the base image, that PATH lacks. Of the old base image, those
    that the old PATH lacks as well are no fault."""
    old, new = compared.old.final, compared.new.final
    path, before = ((s.end.get("PATH") or default_path()).split(":") for s in (new, old))
    names = {*compared.needs.commands, *(e.tool for e in compared.needs.start)}
    words = (w.value or "" for e in compared.needs.start for w in e.command.words)
    by_path = {posixpath.basename(word) for word in (*words, *names) if "/" in word}
    if not compared.needs.dynamic:  # one that starts others may name itself
        names -= by_path
    found = (program_path(compared, name) for name in sorted(names))
    wanted = [posixpath.dirname(place) for place in found if place is not None]
    names = {e.tool for e in compared.needs.start if e.kind == "unknown" and "/" not in e.tool} - by_path
    if any(program_path(compared, name) is None for name in names):  # one of those whose names are not known
        wanted += [d for d in before if content_at(new, d).origins]
    first, base = ((s.facts.env.get("PATH") if s.facts is not None else None) or "" for s in (old, new))
    dropped = {*first.split(":")} - {*before}
    for directory in dict.fromkeys((*wanted, *(d for d in base.split(":") if d not in dropped))):
        if directory and directory not in path:
            yield Reason.of("SL409", "path_lacks", directory=directory)


def setting_problems(compared: Comparison) -> Iterator[Reason]:
    """Settings that the old base image has for its toolchain, that sources may read, and that are others."""
    old, new = compared.old.final, compared.new.final
    read = bool({"toolchain", "gobuild"} & compared.needs.sources.features)
    for name, value in old.facts.env.items() if read and old.facts is not None else ():
        before, after = old.end.get(name), new.end.get(name)
        if name in library_settings() and value is not None and before != after:
            yield Reason.of("SL409", "env_changes", name=name, before=repr(before), after=repr(after))


def root_paths(compared: Comparison, start: Sequence[str]) -> tuple[str, ...]:
    """The paths that the start command (`start`), the sources and files written by the Dockerfile name,
    volumes, what the user asked to keep, and the directories that servers serve. Of a path that no step
    makes, the directory that one makes for it."""
    needs, cwd = compared.needs, compared.old.final.end.cwd
    paths: dict[str, None] = dict.fromkeys((*document_roots(), *compared.program.runtime.volumes))
    paths |= dict.fromkeys((*compared.kept, *start))
    if not compared.needs.only_serves_files:
        names = (name for use in needs.sources.paths if _PATH.fullmatch(name := _WILDCARD.sub("", use.name)))
        paths |= dict.fromkeys(p for name in names if (p := join_path(cwd, name)) is not None)
    texts = (text for path, text in compared.old.final.end.view.texts if path in paths)
    paths |= dict.fromkeys(path for text in texts for path in _ABSOLUTE.findall(text))
    # a program that is started by its path is a root wherever it comes from, also from an install around it
    named = (join_path(cwd, name) for name in needs.commands if "/" in name)
    started = {p: None for p in named if p is not None and content_at(compared.old.final, p)}
    whole = {"/", cwd}  # a working directory is a place, not a file that is named
    made = (p if _is_made(compared, p) else _directory_made(compared, p) for p in paths if p not in whole)
    return tuple(dict.fromkeys(p for p in (*made, *started) if p is not None and p not in whole))


def _directory_made(compared: Comparison, path: str) -> str | None:
    """The innermost directory around a path that a command makes empty, for what run time puts there."""
    made = {w for e in compared.effects if e.tool == "mkdir" for w in e.writes}
    return next((d for d in ancestors(path) if d in made), None)


def start_paths(compared: Comparison) -> Iterator[str]:
    """The paths that the start command reads, names or starts."""
    needs = compared.needs
    programs = frozenset((*entry_scripts(), *(e.tool for e in needs.start)))
    for effect in needs.start:
        yield from (*effect.reads, *effect.manifests)
        path = program_path(compared, effect.tool)
        if path is not None:
            yield path
    for started in needs.programs:
        if started.call.name not in entry_scripts():  # what these start is a root of its own
            yield from _operands(started.call, programs)


def _is_made(compared: Comparison, path: str) -> bool:
    """Whether steps of the old file bring or make a path, more than by installing packages around it."""
    old = compared.old.final
    content = content_at(old, path)
    if old.end.view.context_path(path) is not None:
        return True
    if content.named or any(o.kind != "command" for o in content.origins):
        return True
    return any(o in content.origins for o in compared.making)


def _operands(call: Call, programs: frozenset[str]) -> Iterator[str]:
    """The paths that the words of a program may name, without the programs that it starts (`serve@14`)."""
    for text in (call.path if "/" in call.path else "", *(arg.value or "" for arg in call.args)):
        program = {text, text.partition("@")[0]} & programs or is_web_server(text)
        if _PATH.fullmatch(text) and not program and (path := join_path(call.state.cwd, text)) is not None:
            yield path


def program_path(compared: Comparison, name: str) -> str | None:
    """The path of a program that steps of the old file put on PATH."""
    facts = compared.old.final.facts
    known = language(facts.language) if facts is not None and facts.language else None
    own = (*facts.commands, *(known.interpreters if known is not None else ())) if facts is not None else ()
    installed = {p.name for e in compared.effects if e.kind == "install-global" for p in e.packages}
    if "/" in name or not name or name in (*own, *entry_scripts(), *installed):
        return None
    for directory in (compared.old.final.end.get("PATH") or "").split(":"):
        path = posixpath.join(directory, name)
        content = content_at(compared.old.final, path)
        if directory and (content.named or any(o.kind != "command" for o in content.origins)):
            return path
    return None


def known_programs(compared: Comparison) -> frozenset[str]:
    """The programs that are built from sources of the context, and those of installed system packages."""
    effects = compared.effects
    packaged = packaged_programs(effects, compared.old.final.facts)
    everywhere = (installed_programs(e) for e in effects if e.kind == "install-global")
    return built_programs(effects).union(packaged, busybox_servers(), *everywhere)


def is_directory_still(compared: Comparison, effect: Effect, path: str) -> bool:
    """Whether only an empty directory is made, and the new image has it, too."""
    return effect.tool == "mkdir" and exists_in(compared.new.final, path)


def is_generated_source(compared: Comparison, effect: Effect) -> bool:
    """Whether it generates sources of a compiled language."""
    own = compared.own
    part = own.generators if own is not None and own.is_compiled else None
    return part is not None and part.generates_sources(effect)


def is_source(compared: Comparison, effect: Effect, path: str) -> bool:
    """Whether it is a tree of sources that an installer of a compiled language leaves."""
    tree = path not in effect.outputs and not path.endswith("bin")
    return compared.compiled is not None and tree and effect.ecosystem == compared.compiled.name


def is_for_compiler(compared: Comparison, path: str) -> bool:
    """Whether only compilers and build tools read a path, and run time starts none."""
    files = compared.compiled.compiler_files if compared.compiled is not None else ""
    return bool(files) and re.search(files, path) is not None
