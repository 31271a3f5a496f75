"""What run time needs: everything reachable from ENTRYPOINT, CMD and HEALTHCHECK.

The interpreter for RUN follows them through entry scripts, package.json scripts, make targets and `sh -c`
strings. Sources and configuration files of the application then name further programs, libraries and files.
Nothing is executed.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.analysis.managed_commands import managed_commands
from slimify.analysis.packages.call_needs import (
    interpreters_of_scripts,
    packages_of_services,
    started_through,
    whole_programs,
)
from slimify.analysis.packages.context_mentions import named_packages, named_programs
from slimify.analysis.packages.media_types import table_package
from slimify.analysis.packages.module_needs import (
    fonts,
    installed_packages,
    module_needs,
    present_modules,
    standard_libraries,
)
from slimify.analysis.program import RuntimeContract, RuntimeNeeds
from slimify.analysis.sources import read_sources
from slimify.context.compose.yaml_commands import RunCommand
from slimify.context.source_uses import merge
from slimify.context.values import json_of
from slimify.facts.image_tables import entry_scripts
from slimify.facts.images import ImageFacts
from slimify.facts.packages import starts
from slimify.facts.programs import is_launcher, only_waits, starting_compilers
from slimify.facts.shells import is_shell
from slimify.facts.system import is_libc_library, is_managed_directory, is_systems
from slimify.languages import programs as programs_of_languages
from slimify.model.decisions import Reason
from slimify.model.effects import INSTALLS, LEAVES_NOTHING, Action, Effect
from slimify.model.shell import Script
from slimify.model.sources import SourceFacts, Use
from slimify.semantics.context_files import ContextView
from slimify.semantics.effects.call import Call
from slimify.semantics.effects.interpret import Interpreted, interpreted
from slimify.semantics.effects.started import Started, called_names, programs
from slimify.semantics.effects.state import State
from slimify.semantics.machine.content import exists_in
from slimify.semantics.machine.stages import Stage
from slimify.semantics.paths import inside_any, join_path, overlap
from slimify.syntax.shell.script import read


def runtime_needs(
    runtime: RuntimeContract,
    state: State,
    effects: Iterable[Effect],
    named: Sequence[RunCommand],
    language: str | None,
    base: ImageFacts | None,
    copied: Sequence[str],
    others_say: bool = False,
) -> RuntimeNeeds:
    """What run time needs. `state` is the state after the last instruction. `effects` are those of all RUNs,
    for the manifests they install. `named` are command lines that the context runs in this image (compose
    files, Procfile, Kubernetes manifests). `base` is what is known about the base image, `copied` are the
    paths that come from other stages. `others_say`: whoever starts the image says what it starts."""
    hooks = _hooks(base, state.view)
    roots = [(text, use, state) for text, use in (*_roots(runtime), *hooks)]
    roots += _named_roots(runtime, state, named)
    roots += [(text, use, state) for use, text in managed_commands(state.view)]
    everything = tuple(effects)
    filling = (e for e in everything if e.kind not in LEAVES_NOTHING | {"meta"} and e.tool != "mkdir")
    followed = Followed([*copied, *(p for e in filling for p in (*e.writes, *e.outputs))])
    view = _with_mounts(state.view, named)
    for text, use, where in roots:
        own = use.file == "Dockerfile"  # behind ENTRYPOINT ["python"], CMD is the script that it reads
        if not (own and any(join_path(where.cwd, use.name) in e.reads for e in followed.start)):
            followed.add(text, use, where)
    commands = followed.commands
    found = read_sources(view, language, followed.start, everything)
    while followed.add_started(found.started, state, language):
        found = read_sources(view, language, followed.start, everything)
    start = tuple(followed.start)
    sources = followed.with_started(found)
    read = (*sources.paths, *(Use(name=p, file="", line=0) for e in start for p in e.reads))
    unknown = sources.dynamic or any(e.kind == "unknown" and not e.tool for e in start)
    anywhere = bool(sources.dynamic)
    given = [pair for command in named for pair in command.env]
    handed_on = (
        named_programs(state, base, read, everything, anywhere=anywhere, given=given) if unknown else ()
    )
    sources = replace(sources, commands=(*sources.commands, *handed_on))
    scripts = interpreters_of_scripts(state.view, base) if unknown else ()
    for use in (*sources.commands, *scripts):
        _add_command(commands, use.name, use)
    headers = installed_packages(everything, base)
    modules = present_modules(everything, state.view, sources.imports, language)
    needs = module_needs(modules, base, headers)
    for command, use in needs.commands.items():
        _add_command(commands, command, use)
    for command, use in tuple(commands.items()):
        for started in starts(command, base.distro if base is not None else None):
            _add_command(commands, started, use)
    said = _said(state, start, named)
    for command, use in tuple(started_through(commands, followed.calls, state.view.context, said)):
        _add_command(commands, command, use)
    paths = {p: Use(name=p, file="Dockerfile", line=0) for e in start for p in (*e.reads, *e.manifests)}
    linked = {n: f"{e.tool} -l{n}" for e in everything for n in e.libraries if not is_libc_library(n)}
    return RuntimeNeeds(
        commands=commands,
        paths=paths,
        libraries={
            **standard_libraries(sources.imports, state.view.context, state.env),
            **{use.name: use for use in sources.libraries},
            **{name: Use(name=by, file="Dockerfile", line=0) for name, by in linked.items()},
        },
        dynamic=sources.dynamic,
        start=start,
        sources=sources,
        shell=_needs_shell(runtime, start, (*commands, *(call.name for call in followed.calls))),
        system_packages={
            **named_packages(state.view.context, base, said, installs=bool(headers)),
            **fonts(modules, state.view.context),
            **needs.system_packages,
            **whole_programs(commands, followed.calls),
            **packages_of_services(commands, followed.calls, everything, base),
            **table_package(sources, runtime, language, base, state.view.context),
        },
        unresolved=needs.unresolved,
        has_start=runtime.sets_start_command or bool(hooks) or others_say,
        origins=tuple(followed.origins),
        programs=tuple(followed.programs),
    )


def _said(state: State, start: Iterable[Effect], named: Iterable[RunCommand]) -> tuple[str, ...]:
    """The words of variables and of what is started, as lines `NAME=word`."""
    variables = [*state.env.items(), *(pair for command in named for pair in command.env)]
    words = [(name, word) for name, value in variables for word in (value or "").split()]
    words += [(effect.tool, word.value or "") for effect in start for word in effect.command.words]
    return tuple(dict.fromkeys(f"{posixpath.basename(name)}={word}" for name, word in words))


class Followed(Struct):
    """What command lines start, through scripts. `made` are the paths that the build makes."""

    made: Sequence[str] = ()
    start: list[Effect] = field(default_factory=list)
    origins: list[Use] = field(default_factory=list)
    programs: list[Started] = field(default_factory=list)
    commands: dict[str, Use] = field(default_factory=dict)
    known: set[Use] = field(default_factory=set)  # command lines of sources
    paths: list[Use] = field(default_factory=list)  # the files of the image that those name
    computed: list[Use] = field(default_factory=list)  # those that may name any file
    called: list[Use] = field(default_factory=list)  # the programs that those start
    dynamic: list[Use] = field(default_factory=list)  # those that start one that only run time knows
    calls: list[Call] = field(default_factory=list)  # of all programs

    def add(self, text: Script | str, use: Use, state: State, *, by_scripts: bool = False) -> Interpreted:
        """Adds a command line; with `by_scripts` only its installs, the scripts of manifests that it does not
        find, and the names of what it starts."""
        done = interpreted(text, state)
        own = tuple(effect for atom in done.effects for effect in atom)
        for effect in own:
            for tool in (effect.tool, *effect.tools):
                _add_command(self.commands, tool, use)
        calls = [started.call for started in done.started]
        self.calls += calls
        for path in (call.path for call in calls if call.path not in self.made):
            if is_managed_directory(posixpath.dirname(path)):
                _add_command(self.commands, path, use)
        whole = not by_scripts or any(started.depth for started in done.started)
        begun = [e for e in own if whole or e.kind in INSTALLS or e.unread == "package"]
        self.start += begun
        self.origins += (use,) * len(begun)
        if whole:
            self.programs += programs(done.started)
            for inner in _given_commands(done):
                self.add(inner, use, state)
        return done

    def add_started(self, uses: Sequence[Use], state: State, language: str | None) -> bool:
        """Adds the command lines of sources in a language. Whether scripts among them may start more."""
        before = len(self.start)
        for use in uses:
            if use not in self.known:
                self.known.add(use)
                script = read(use.name)
                done = self.add(script, use, state, by_scripts=True)
                called = dict.fromkeys(called_names(done.started))
                absent = any(_is_absent(e) for started in done.started for e in started.effects)
                unknown = "" in called or script.opaque or absent
                self.called += (replace(use, name=name) for name in called if name)
                self.dynamic += (use,) if unknown else ()
                names = _named_paths(done, language)
                there = (
                    n for n in names if state.view.context_path(n) or any(overlap(n, m) for m in self.made)
                )
                self.paths += (replace(use, name=name) for name in there if name)
                self.computed += (replace(use, name="") for name in names if not name)
        return any(effect.kind == "app" for effect in self.start[before:])

    def with_started(self, sources: SourceFacts) -> SourceFacts:
        """What sources use, with what the command lines in them use."""
        kinds = ("paths", "computed", "dynamic")
        more = {kind: (*getattr(sources, kind), *getattr(self, kind)) for kind in kinds}
        return replace(sources, commands=(*self.called, *sources.commands), **more)


def _is_absent(effect: Effect) -> bool:
    """Whether it executes a script or a makefile that is not where it is looked for: sources may start it
    elsewhere."""
    return effect.why is not None and effect.why.form in ("missing_script", "makefile")


def _given_commands(done: Interpreted) -> Iterator[str]:
    """The commands that those are given of which nobody can read what they start, or which start what they
    are given: behind `--`, from a word on that names a program, or in one word."""
    for number, started in enumerate(done.started):
        values = [arg.value for arg in started.call.args]
        unread = any(effect.unread for effect in started.effects) or _starts_unknown(done.started, number)
        launches = is_launcher(started.call.name) or any(effect.is_unlisted for effect in started.effects)
        if not (unread or launches) or (None in values and not launches):
            continue
        if started.call.name in entry_scripts():
            continue
        words = [arg.text.strip("\"'") if arg.value is None else arg.value for arg in started.call.args]
        names = {*starting_compilers(), *(programs_of_languages() if launches else ())}
        able = words[:-1] if launches else words  # `server go`: alone it starts nothing
        ends = (n for n, word in enumerate(able) if word in names)
        at = words.index("--") + 1 if "--" in words else next(ends, len(words))
        if words[at:] and not words[at].startswith("-"):
            given = zip(words[at:], values[at:], strict=True)
            yield " ".join(word if value is None else shlex.quote(word) for word, value in given)
        if launches:
            yield from (word for word in words if " " in word and word.split()[0] in names)


def _starts_unknown(calls: Sequence[Started], number: int) -> bool:
    """Whether the script at a position starts a program whose name is not known."""
    inner = takewhile(lambda call: call.depth > calls[number].depth, calls[number + 1 :])
    return any(not call.call.path for call in inner)


def _named_paths(done: Interpreted, language: str | None) -> Sequence[str]:
    """The paths that a command line names, programs among them; "" for any, as what it starts in another
    language than the application's, whose sources are read, may read any."""
    effects = [effect for atom in done.effects for effect in atom]
    unknown = {e.tool for e in effects if e.kind == "unknown"}
    calls = [started.call for started in programs(done.started)]
    words = [(call, word) for call in calls if call.name in unknown for word in call.args]
    known = [(c, w) for c, w in words if w.value is not None or posixpath.dirname(w.prefix).strip("./")]
    named = [c.path_of(w if w.value is None else w.value.rpartition("=")[2]) for c, w in known]
    named += [c.path_of(c.path) for c in calls if "/" in c.path]
    other = any(e.kind == "app" and e.ecosystem not in ("", language) for e in effects)
    anything = other or len(known) < len(words) or any(e.reads_anything for e in effects)
    return [
        *sorted({*filter(None, named), *(p for e in effects for p in e.reads)}),
        *([""] if anything else ()),
    ]


def with_needs_of(needs: RuntimeNeeds, other: RuntimeNeeds) -> RuntimeNeeds:
    """The needs, and what the same image needs that other build arguments make."""
    sources = merge((needs.sources, other.sources))
    return replace(needs.and_those(other), sources=sources, shell=needs.shell or other.shell)


def with_absent_scripts(needs: RuntimeNeeds, stage: Stage) -> RuntimeNeeds:
    """The needs with the started scripts that the image is not known to have: those of a mount, a submodule,
    or a step that nobody has read. They may start and load anything. What an earlier command of the start
    builds is there."""
    if any(effect.writes_anywhere for effect in stage.effects):
        return needs
    start: list[Effect] = []
    for effect in needs.start:
        built = [w for e in start if e.kind in ("build", "compile") for w in (*e.writes, *e.outputs)]
        start.append(_absent(effect, stage, built) if effect.kind == "app" else effect)
    return replace(needs, start=tuple(start))


def _absent(effect: Effect, stage: Stage, built: Sequence[str]) -> Effect:
    scripts = (
        p for p in effect.reads if posixpath.splitext(p)[1] and not (is_systems(p) or inside_any(p, built))
    )
    lost = next((path for path in scripts if not exists_in(stage, path)), None)
    if lost is None:
        return effect
    return replace(effect, unread="context", why=Reason.of("SL221", "missing_script", path=lost))


def unread_start(start: Iterable[Effect]) -> Reason | None:
    """Why a start script could not be read; None if all were."""
    return next(
        (
            e.why
            for e in start
            if e.kind in ("unknown", "app", "build")
            and e.unread == "context"
            and e.tool not in entry_scripts()
        ),
        None,
    )


def is_start_known(needs: RuntimeNeeds) -> bool:
    """Whether it is known what the image starts, here or in a file of the repository, and that does more than
    wait for people to work in it."""
    waits = all(only_waits(effect.tool.rpartition("/")[2]) for effect in needs.start)
    return not waits and unread_start(needs.start) is None


def _add_command(commands: dict[str, Use], tool: str, use: Use) -> None:
    name = tool.rpartition("/")[2]
    if name:
        commands.setdefault(name, use)
        if "/" in tool:
            commands.setdefault(tool, use)


def _named_roots(
    runtime: RuntimeContract, state: State, named: Sequence[RunCommand]
) -> Iterator[tuple[str, Use, State]]:
    """Command lines that the context runs in this image; one that is no entry point is its arguments."""
    for command in named:
        use = Use(name=command.text, file=command.file, line=command.line)
        inner = replace(
            state.with_env(dict(command.env)),
            view=_with_mounts(state.view, [command]),
            cwd=command.cwd if command.cwd.startswith("/") else state.cwd,
        )
        if not command.text:
            yield from ((text, own, inner) for text, own in _roots(runtime))
        elif runtime.entrypoint and not command.entrypoint:
            yield f"{shlex.join(runtime.entrypoint)} {command.text}", use, inner
        if command.text and not command.text.startswith("-"):
            yield command.text, use, inner


def _with_mounts(view: ContextView, named: Sequence[RunCommand]) -> ContextView:
    """The view with what containers that run these commands mount over it."""
    for source, target in dict.fromkeys(mount for command in named for mount in command.mounts):
        view = view.with_copy([source], target)
    return view


def _roots(runtime: RuntimeContract) -> list[tuple[str, Use]]:
    """Command lines that the image configuration starts, each with its origin."""
    roots: list[tuple[str, Use]] = []
    entry, cmd = runtime.entrypoint or (), runtime.cmd or ()
    if runtime.sets_start_command:
        joined = tuple(entry) + tuple(cmd)
        if joined:
            roots.append((shlex.join(joined), Use(name=joined[0], file="Dockerfile", line=0)))
        if entry and cmd and not cmd[0].startswith("-"):
            roots.append((shlex.join(cmd), Use(name=cmd[0], file="Dockerfile", line=0)))
    probe = runtime.healthcheck.partition(" --")[0]
    if probe and not probe.upper().startswith("NONE"):
        text = probe.removeprefix("CMD ").strip()
        if text.startswith("["):
            text = " ".join(shlex.quote(w) for w in _json_words(text))
        roots.append((text, Use(name="HEALTHCHECK", file="Dockerfile", line=0)))
    return roots


def _hooks(base: ImageFacts | None, view: ContextView) -> list[tuple[str, Use]]:
    """Scripts of the image that the entry point of the base image looks for and runs."""
    hooks = (view.under(path) if path.endswith("/") else (path,) for path in (base.hooks if base else ()))
    found = {path: view.context_path(path) for paths in hooks for path in paths}
    return [
        (f"sh {shlex.quote(path)}", Use(name=path, file=file or "Dockerfile", line=1 if file else 0))
        for path, file in found.items()
        if file in view.context.files or view.text(path) is not None
    ]


def _json_words(text: str) -> list[str]:
    words = json_of(text)
    return [str(w) for w in words] if isinstance(words, list) else [text]


def _needs_shell(runtime: RuntimeContract, start: Sequence[Effect], called: Iterable[str]) -> bool:
    argv = runtime.argv
    if any(map(is_shell, argv)):
        return True
    probe = runtime.healthcheck
    if probe and not probe.upper().startswith("NONE") and "CMD [" not in probe:
        return True
    return any(map(is_shell, called)) or any(e.action == Action.SCRIPT for e in start)
