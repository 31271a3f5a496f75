"""The build script that copies files from a builder image into the context of a runtime Dockerfile.

It reports which paths are copied, what the script does to them in between, and which of its lines
serve only this purpose. Paths that can't be traced are not extractions.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.analysis.repository.engine_commands import EngineCall, normalized_name, tar_on_pipe
from slimify.analysis.repository.host_command import (
    ROOT,
    HostCommand,
    host_commands,
    host_state,
    start_directories,
)
from slimify.config import disk
from slimify.context.build_scripts.scripts import Script, script_files, scripts
from slimify.model.decisions import Reason
from slimify.model.effects import LEAVES_NOTHING, RUNS_CODE, Action, Effect
from slimify.semantics.context_files import ContextView
from slimify.semantics.effects.interpret import interpreted
from slimify.semantics.effects.state import State
from slimify.semantics.paths import inside, overlap


class Extract(Struct, frozen=True, kw_only=True):
    """A copy from the builder image to `target`. `ran`: the container's command had run before."""

    path: str
    target: str
    line: int
    ran: bool = False


class Build(Struct, frozen=True, kw_only=True):
    """A `docker build`."""

    line: int
    tags: tuple[str, ...]
    context: str
    args: tuple[str, ...]
    target: str = ""


class BuildScript(Struct, frozen=True, kw_only=True):
    """A script that builds the builder image and extracts files from it."""

    file: str
    builder: Build
    runtime: Build | None
    extracts: tuple[Extract, ...]
    modified: tuple[tuple[str, int, str], ...] = ()  # extracted file, line and program that modifies it
    untraced: tuple[tuple[int, Reason], ...] = ()  # line and reason of a use of the image
    obsolete_lines: tuple[tuple[int, int, str], ...] = ()  # first line, last line, program
    command: tuple[str, ...] = ()  # of the container, run before files are extracted


def build_script(
    root: Path, builder: str, runtime: str, entrypoint: Sequence[str] = (), command: Sequence[str] = ()
) -> BuildScript | None:
    """The script that builds `builder` and extracts files from it, preferably one that also builds `runtime`.

    Both are paths relative to `root`. `entrypoint` and `command` are those of the builder image.
    """
    best: BuildScript | None = None
    near = posixpath.commonpath([posixpath.dirname(builder) or ".", posixpath.dirname(runtime) or "."])
    files = script_files(root)
    for script in scripts(files, ROOT, near.removeprefix(".")):
        for start in start_directories(script.file) if not script.is_document else ():
            reader = _Reader(root, builder, runtime, tuple(entrypoint), tuple(command))
            found = reader.read(script, replace(host_state(files), cwd=start))
            if found is not None and (best is None or _rank(found) > _rank(best)):
                best = found
    return best


def with_extracts(found: BuildScript | None, given: Sequence[tuple[str, str]], context: str) -> BuildScript:
    """The script with the user's extractions: (path in the builder image, name in the context)."""
    extracts = tuple(
        Extract(path=path, target=posixpath.normpath(posixpath.join(context, name)), line=0)
        for path, name in given
    )
    if found is not None:
        return replace(found, extracts=(*found.extracts, *extracts), modified=(), untraced=())
    build = Build(line=0, tags=(), context=context, args=())
    return BuildScript(file="", builder=build, runtime=None, extracts=extracts)


def _rank(found: BuildScript) -> tuple[int, int, int]:
    return (bool(found.extracts), found.runtime is not None, -len(found.modified) - len(found.untraced))


class _Reader(Struct):
    """Traces the commands of one script."""

    root: Path
    builder: str
    runtime: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    lines: tuple[int, int] = (0, 0)  # of the current command, or of the one that runs its script
    is_own: bool = True  # whether it stands in the file itself
    builder_build: Build | None = None
    runtime_build: Build | None = None
    tags: set[str] = field(default_factory=set)
    containers: dict[str, bool] = field(default_factory=dict)  # name: whether it ran
    extracts: list[Extract] = field(default_factory=list)
    modified: list[tuple[str, int, str]] = field(default_factory=list)
    untraced: list[tuple[int, Reason]] = field(default_factory=list)
    obsolete_lines: list[tuple[int, int, str]] = field(default_factory=list)
    container_command: tuple[str, ...] = ()

    def read(self, script: Script, state: State) -> BuildScript | None:
        """What the script does if it is started in the directory of the state."""
        for call in host_commands(script, state):
            self.is_own = call.file == script.file
            self.lines = call.lines if self.is_own else self.lines
            self._call(call)
        if self.builder_build is None:
            return None
        return BuildScript(
            file=script.file,
            builder=self.builder_build,
            runtime=self.runtime_build,
            extracts=tuple(self.extracts),
            modified=tuple(self.modified),
            untraced=tuple(self.untraced),
            obsolete_lines=tuple(dict.fromkeys(self.obsolete_lines)),
            command=self.container_command,
        )

    def _call(self, call: HostCommand) -> None:
        deleted = (path for effect in call.started.effects for path in effect.deletes)
        if call.engine is not None:
            self._engine(call, call.engine)
        elif self.builder_build is not None and self.runtime_build is None:
            if call.started.call.upstream is None:
                self._host_command(call)
        elif self.builder_build is not None and self._touched(call, deleted):
            self._obsolete(call.started.call.name)

    def _obsolete(self, program: str) -> None:
        if self.is_own:
            self.obsolete_lines.append((*self.lines, program))

    # --- docker -------------------------------------------------------------------------------------

    def _engine(self, call: HostCommand, told: EngineCall) -> None:
        verb = told.command
        if verb == "build":
            self._build(call, told)
        elif verb in ("create", "run") and self.builder_build is not None:
            self._container(call, told)
        elif verb == "cp" and self.builder_build is not None:
            self._cp(call, told)
        elif verb in ("rm", "rmi", "stop", "kill", "wait", "start", "logs", "attach"):
            names = {normalized_name(w) for w in told.words if not w.startswith("-")}
            if names and names <= (self.containers.keys() | self.tags):
                self._obsolete(f"docker {verb}")
                for name in names & self.containers.keys() if verb in ("start", "wait") else ():
                    self.containers[name] = True

    def _build(self, call: HostCommand, told: EngineCall) -> None:
        file, context = told.last("-f", "--file"), next(iter(told.operands), ".")
        if context == "-":
            file, context = call.stdin, "."
        where = call.path(context)
        name = call.path(file) if file else None if where is None else posixpath.join(where, "Dockerfile")
        if name is None or where is None:
            return
        build = Build(
            line=self.lines[0],
            tags=tuple(map(normalized_name, told.given("-t", "--tag"))),
            context=posixpath.normpath(where or "."),
            args=told.given("--build-arg"),
            target=told.last("--target"),
        )
        name = posixpath.normpath(name)
        if name == self.builder and self.builder_build is None:
            self.builder_build = build
            self.tags = {*build.tags, *call.result}
            self._obsolete("docker build")
        elif name == self.runtime and self.builder_build is not None and self.runtime_build is None:
            self.runtime_build = build

    def _container(self, call: HostCommand, told: EngineCall) -> None:
        verb, image, *command = (told.command, *told.operands) if told.operands else (told.command, "")
        if normalized_name(image) not in self.tags:
            return
        for name in (*told.given("--name"), *call.result):
            self.containers[normalized_name(name)] = verb == "run"
        for file in told.given("--cidfile"):
            self.containers[f"$(cat {file})"] = verb == "run"
        self._obsolete(f"docker {verb}")
        if verb == "create":
            return
        container_words = (*self.entrypoint, *(command or self.command))
        if told.options.has("--entrypoint"):
            container_words = (*told.given("--entrypoint")[-1:], *command)
        mounts = [*call.mounts]
        view = ContextView()
        for place, _ in mounts:
            view = view.with_directory(place)
        done = interpreted(shlex.join(container_words), State(cwd=None, view=view))
        effects = [effect for atom in done.effects for effect in atom]
        found = self._output_extracts(call, container_words, effects)
        if found is None and mounts:
            found = self._mount_extracts(call, effects, mounts)
            if not found:
                self.untraced.append((self.lines[0], Reason.of("SL374", "mounted")))
        if found is None and call.stdout:
            self.untraced.append((self.lines[0], Reason.of("SL374", "stored")))
        if found is None and call.reader:
            self.untraced.append((self.lines[0], Reason.of("SL374", "printed", command=call.reader[0])))
        self.extracts += found or ()
        if not found and self.containers:
            self.container_command = container_words

    def _output_extracts(
        self, call: HostCommand, words: tuple[str, ...], effects: Sequence[Effect]
    ) -> list[Extract] | None:
        """Files extracted from a container's output: `cat FILE > …`, `tar -c … | tar -x …`."""
        printed = effects[0].reads if len(effects) == 1 and effects[0].tool == "cat" else ()
        if len(printed) == 1 and call.stdout:
            return self._extracts(call, printed[0], call.stdout, into=False)
        packed = tar_on_pipe(words[1:], "c") if words and posixpath.basename(words[0]) == "tar" else None
        unpacked = call.unpacks_in
        if packed is None or unpacked is None or not packed[0].startswith("/"):
            return None
        found: list[Extract] = []
        for member in packed[1]:
            host_path = posixpath.join(unpacked, member)
            path = posixpath.join(packed[0], member)
            found += self._extracts(call, path, host_path, into=False)
        return found

    def _mount_extracts(
        self, call: HostCommand, effects: Sequence[Effect], mounts: Sequence[tuple[str, str]]
    ) -> list[Extract]:
        """Files that a container, which does nothing else, copies to a mounted host directory."""
        found: list[Extract] = []
        for effect in (e for e in effects if e.kind not in LEAVES_NOTHING):
            for source, written in effect.copied or (("", ""),):
                mount = next((m for m in mounts if inside(written, m[0])), None)
                if mount is None:
                    return []
                host_path = posixpath.join(ROOT, mount[1], written[len(mount[0]) :].lstrip("/"))
                found += self._extracts(call, source, host_path, into=False)
        return found

    def _cp(self, call: HostCommand, told: EngineCall) -> None:
        if len(told.operands) != 2:
            return
        origin, dest = told.operands
        name, mark, path = origin.rpartition(":")
        if not mark or normalized_name(name) not in self.containers:
            return
        path = posixpath.join("/", path)
        self._obsolete("docker cp")
        if dest == "-":
            if call.unpacks_in is None:
                self.untraced.append((self.lines[0], Reason.of("SL374", "copied_archive")))
                return
            dest = call.unpacks_in + "/"
        ran = self.containers[normalized_name(name)]
        self.extracts += self._extracts(call, path, dest, ran=ran, into=self._is_dir(call, dest, path))

    def _extracts(
        self, call: HostCommand, path: str, dest: str, *, into: bool, ran: bool = False
    ) -> list[Extract]:
        host_path = call.path(dest)
        if host_path is None or re.search(r"[$*?`]", path):
            self.untraced.append((self.lines[0], Reason.of("SL374", "path_unknown")))
            return []
        whole = path.endswith("/.")
        path = posixpath.normpath(path)
        if into and not whole:
            host_path = posixpath.join(host_path, posixpath.basename(path))
        return [Extract(path=path, target=posixpath.normpath(host_path), line=self.lines[0], ran=ran)]

    def _is_dir(self, call: HostCommand, dest: str, path: str) -> bool:
        """Whether a destination is a directory. One with the name of the source is left by an earlier run."""
        host_path = call.path(dest)
        if dest.endswith(("/", "/.")) or dest in (".", "..") or host_path in ("", "."):
            return True
        if host_path is None or call.makes_directory(host_path):
            return host_path is not None
        return posixpath.basename(host_path) != posixpath.basename(path) and disk.is_directory(
            str(self.root / host_path)
        )

    # --- commands on the host ---------------------------------------------------------------------------

    def _host_command(self, call: HostCommand) -> None:
        """What a command does to the files that were extracted."""
        for effect in call.started.effects:
            changed: Iterable[str] = (*effect.writes, *effect.outputs)
            if effect.kind in RUNS_CODE:
                changed = call.started.words[1:]
            elif effect.kind in LEAVES_NOTHING or effect.kind == "meta" or effect.tool == "mkdir":
                changed = ()
            for source, written in effect.copied:
                self._trace_copy(call, effect, source, written)
                changed = ()
            self.modified += [(target, self.lines[0], effect.tool) for target in self._touched(call, changed)]

    def _trace_copy(self, call: HostCommand, effect: Effect, source: str, written: str) -> None:
        here, target = call.path(source), call.path(written)
        if here is None or target is None:
            return
        if self._is_dir(call, written, here):
            target = posixpath.join(target, posixpath.basename(here))
        for item in [e for e in self.extracts if overlap(e.target, here)]:
            kept = inside(item.target, here)
            path = item.path if kept else posixpath.join(item.path, posixpath.relpath(here, item.target))
            place = posixpath.normpath(target + item.target[len(here) :]) if kept else target
            if kept and effect.action == Action.MOVE:
                self.extracts.remove(item)
            self.extracts.append(replace(item, path=path, target=place))
            self._obsolete(effect.tool)

    def _touched(self, call: HostCommand, paths: Iterable[str]) -> list[str]:
        """The extracted files that paths name, or are in, or contain."""
        known = [posixpath.normpath(p) for path in paths if (p := call.path(path)) is not None]
        return [e.target for e in self.extracts if any(overlap(e.target, p) for p in known)]
