"""The build script that copies files from a builder image into the context of a runtime Dockerfile.

It reports which paths are copied, what the script does to them in between, and which of its lines
serve only this purpose. Paths that can't be traced are not extractions.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.context.build_scripts.call import Call
from slimify.context.build_scripts.command_lines import normalized_name, parse_options, parse_tar
from slimify.context.build_scripts.scripts import Script, relative_to_cwd, scripts
from slimify.context.build_scripts.variables import ROOTED
from slimify.facts.programs import edits_no_file
from slimify.facts.shells import leads_command
from slimify.model.decisions import Reason
from slimify.syntax.shell.script import command_of, unwrap


class Extract(Struct, frozen=True, kw_only=True):
    """A copy of `path` in the builder image to `target`, relative to the searched directory.

    `ran`: the container's command had run before.
    """

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
    for script in scripts(root, near.removeprefix(".")):
        for start in _start_directories(script.file):
            found = _Reader(root, start, builder, runtime, tuple(entrypoint), tuple(command)).read(script)
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


def _start_directories(file: str) -> tuple[str, ...]:
    """Directories a script may be started in: the root, its own directory, or one in between."""
    found = [""]
    folder = posixpath.dirname(file)
    while folder:
        found.append(folder)
        folder = posixpath.dirname(folder)
    return tuple(dict.fromkeys(found))


class _Reader(Struct):
    """Traces the commands of one script."""

    root: Path
    start: str
    builder: str
    runtime: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    cwd: str = ""
    builder_build: Build | None = None
    runtime_build: Build | None = None
    tags: set[str] = field(default_factory=set)
    containers: dict[str, bool] = field(default_factory=dict)  # name: whether it ran
    created_directories: set[str] = field(default_factory=set)
    extracts: list[Extract] = field(default_factory=list)
    modified: list[tuple[str, int, str]] = field(default_factory=list)
    untraced: list[tuple[int, Reason]] = field(default_factory=list)
    obsolete_lines: list[tuple[int, int, str]] = field(default_factory=list)
    container_command: tuple[str, ...] = ()

    def read(self, script: Script) -> BuildScript | None:
        self.cwd = self.start
        for call in script.calls:
            words = _called(call.words)
            if not words:
                continue
            tool = posixpath.basename(words[0])
            if tool in ("docker", "podman") and len(words) > 1:
                self._docker(call, words[1:])
            elif tool == "cd":
                self._cd(words[1:2], script.file)
            elif self.builder_build is not None and self.runtime_build is None and not call.reads_pipe:
                self._host_command(call, tool, words[1:])
            elif tool == "rm" and self.runtime_build is not None and self._touches_extracts(words[1:]):
                self.obsolete_lines.append((call.line, call.end, "rm"))
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

    # --- docker -------------------------------------------------------------------------------------

    def _docker(self, call: Call, words: list[str]) -> None:
        if words[0] in ("container", "image", "buildx", "builder") and len(words) > 1:
            words = words[1:]
        verb, rest = words[0], words[1:]
        if verb in ("build", "b"):
            self._build(call, rest)
        elif verb in ("create", "run") and self.builder_build is not None:
            self._container(call, verb, rest)
        elif verb == "cp" and self.builder_build is not None:
            self._cp(call, rest)
        elif verb in ("rm", "rmi", "stop", "kill", "wait", "start", "logs", "attach"):
            names = {normalized_name(w) for w in rest if not w.startswith("-")}
            if names and names <= (self.containers.keys() | self.tags):
                self.obsolete_lines.append((call.line, call.end, f"docker {verb}"))
                for name in names & self.containers.keys() if verb in ("start", "wait") else ():
                    self.containers[name] = True

    def _build(self, call: Call, words: list[str]) -> None:
        options, operands = parse_options(words, 1)
        context = operands[0] if operands else ""
        file = (options.get("-f") or options.get("--file") or [""])[-1]
        if context == "-" and call.stdin:
            file, context = call.stdin, ""
        where = self._path(context or ".")
        name = (
            self._path(file) if file else (posixpath.join(where, "Dockerfile") if where is not None else None)
        )
        if name is None or where is None:
            return
        build = Build(
            line=call.line,
            tags=tuple(normalized_name(t) for t in (*options.get("-t", ()), *options.get("--tag", ()))),
            context=posixpath.normpath(where or "."),
            args=tuple(options.get("--build-arg", ())),
            target=(options.get("--target") or [""])[-1],
        )
        name = posixpath.normpath(name)
        if name == self.builder and self.builder_build is None:
            self.builder_build = build
            self.tags = {*build.tags, *((f"${call.assigned_to}",) if call.assigned_to else ())}
            self.obsolete_lines.append((call.line, call.end, "docker build"))
        elif name == self.runtime and self.builder_build is not None and self.runtime_build is None:
            self.runtime_build = build

    def _container(self, call: Call, verb: str, words: list[str]) -> None:
        options, operands = parse_options(words, 1, stop=True)
        if not operands or normalized_name(operands[0]) not in self.tags:
            return
        command = tuple(operands[1:])
        for name in (*options.get("--name", ()), *((f"${call.assigned_to}",) if call.assigned_to else ())):
            self.containers[normalized_name(name)] = verb == "run"
        for file in options.get("--cidfile", ()):
            self.containers[f"$(cat {file})"] = verb == "run"
        self.obsolete_lines.append((call.line, call.end, f"docker {verb}"))
        if verb == "create":
            return
        container_words = (*self.entrypoint, *(command or self.command))
        if "--entrypoint" in options:
            container_words = (*options["--entrypoint"][-1:], *command)
        mounts = [m for m in map(self._mount, (*options.get("-v", ()), *options.get("--volume", ()))) if m]
        found = self._output_extracts(call, container_words)
        if found is None and mounts:
            found = self._mount_extracts(call, container_words, mounts)
            if not found:
                self.untraced.append((call.line, Reason.of("SL374", "mounted")))
        if found is None and call.stdout not in ("", "/dev/null"):
            self.untraced.append((call.line, Reason.of("SL374", "stored")))
        if found is None and call.piped_to:
            self.untraced.append((call.line, Reason.of("SL374", "printed", command=call.piped_to[0])))
        self.extracts += found or ()
        if not found and self.containers:
            self.container_command = container_words

    def _mount(self, text: str) -> tuple[str, str] | None:
        outer, _, inner = relative_to_cwd(text).partition(":")
        host_path = self._path(outer)
        return (inner.partition(":")[0].rstrip("/"), host_path) if inner and host_path is not None else None

    def _output_extracts(self, call: Call, words: tuple[str, ...]) -> list[Extract] | None:
        """Files extracted from a container's output: `cat FILE > …`, `tar -c … | tar -x …`."""
        tool, rest = (posixpath.basename(words[0]), list(words[1:])) if words else ("", [])
        if tool == "cat" and len(rest) == 1 and rest[0].startswith("/") and call.stdout:
            return self._extracts(call, rest[0], call.stdout, into=False)
        if tool != "tar" or not call.piped_to or posixpath.basename(call.piped_to[0]) != "tar":
            return None
        packed, unpacked = parse_tar(rest, "c"), parse_tar(list(call.piped_to[1:]), "x")
        if packed is None or unpacked is None or unpacked[1] or not packed[0].startswith("/"):
            return None
        found: list[Extract] = []
        for member in packed[1]:
            host_path = posixpath.join(unpacked[0] or ".", member)
            path = posixpath.join(packed[0], member)
            found += self._extracts(call, path, host_path, into=False)
        return found

    def _mount_extracts(
        self, call: Call, words: tuple[str, ...], mounts: Sequence[tuple[str, str]]
    ) -> list[Extract] | None:
        """Files that a container copies to a mounted host directory."""
        if not words or posixpath.basename(words[0]) != "cp":
            return None
        operands = [w for w in words[1:] if not w.startswith("-")]
        if len(operands) < 2 or not all(w.startswith("/") for w in operands):
            return None
        *sources, dest = operands
        mount = next((m for m in mounts if dest == m[0] or dest.startswith(m[0] + "/")), None)
        if mount is None:
            return None
        host_path = posixpath.join(mount[1] or ".", dest[len(mount[0]) :].lstrip("/"))
        into = dest.rstrip("/") == mount[0] or dest.endswith("/") or len(sources) > 1
        found: list[Extract] = []
        for source in sources:
            found += self._extracts(call, source, host_path, into=into, seen=True)
        return found

    def _cp(self, call: Call, words: list[str]) -> None:
        _, operands = parse_options(words, 2)
        if len(operands) != 2:
            return
        name, mark, path = operands[0].partition(":")
        if not mark or normalized_name(name) not in self.containers:
            return
        path = posixpath.join("/", path)
        dest = operands[1]
        self.obsolete_lines.append((call.line, call.end, "docker cp"))
        if dest == "-":
            unpacked = parse_tar(list(call.piped_to[1:]), "x") if call.piped_to[:1] == ("tar",) else None
            if unpacked is None or unpacked[1]:
                self.untraced.append((call.line, Reason.of("SL374", "copied_archive")))
                return
            dest = (unpacked[0] or ".") + "/"
        ran = self.containers[normalized_name(name)]
        self.extracts += self._extracts(call, path, dest, ran=ran, into=self._is_dir(dest, path))

    def _extracts(
        self, call: Call, path: str, dest: str, *, into: bool, ran: bool = False, seen: bool = False
    ) -> list[Extract]:
        host_path = dest if seen else self._path(dest)
        if host_path is None or re.search(r"[$*?`]", path):
            self.untraced.append((call.line, Reason.of("SL374", "path_unknown")))
            return []
        whole = path.endswith("/.")
        path = posixpath.normpath(path)
        if into and not whole:
            host_path = posixpath.join(host_path, posixpath.basename(path))
        return [Extract(path=path, target=posixpath.normpath(host_path), line=call.line, ran=ran)]

    def _is_dir(self, dest: str, path: str) -> bool:
        """Whether a destination is a directory. One with the name of the source is left by an earlier run."""
        host_path = self._path(dest)
        if dest.endswith(("/", "/.")) or dest in (".", "..") or host_path in ("", "."):
            return True
        if host_path is None or host_path in self.created_directories:
            return host_path is not None
        return posixpath.basename(host_path) != posixpath.basename(path) and (self.root / host_path).is_dir()

    # --- commands on the host ---------------------------------------------------------------------------

    def _host_command(self, call: Call, tool: str, words: list[str]) -> None:
        operands = [w for w in words if not w.startswith("-")]
        paths = [p for p in map(self._path, operands) if p is not None]
        if tool == "mkdir":
            self.created_directories |= {posixpath.normpath(p) for p in paths}
            return
        if tool in ("mv", "cp") and len(operands) == 2 and len(paths) == 2:
            self._trace_move(call, tool, paths[0], operands[1])
        elif not edits_no_file(tool) and tool != "chmod":
            self.modified += [(target, call.line, tool) for target in self._targets_under(paths)]

    def _trace_move(self, call: Call, tool: str, source: str, dest: str) -> None:
        source = posixpath.normpath(source)
        for item in list(self.extracts):
            if item.target != source and not item.target.startswith(source + "/"):
                if source.startswith(item.target + "/"):
                    inner = posixpath.join(item.path, source[len(item.target) + 1 :])
                    item = Extract(path=inner, target=source, line=item.line, ran=item.ran)
                else:
                    continue
            host_path = self._path(dest) or ""
            host_path = (
                posixpath.join(host_path, posixpath.basename(source))
                if self._is_dir(dest, source)
                else host_path
            )
            target = posixpath.normpath(host_path + item.target[len(source) :])
            if tool == "mv" and item in self.extracts:
                self.extracts.remove(item)
            self.extracts.append(Extract(path=item.path, target=target, line=item.line, ran=item.ran))
            self.obsolete_lines.append((call.line, call.end, tool))

    def _touches_extracts(self, words: Sequence[str]) -> bool:
        paths = [p for p in map(self._path, words) if p is not None]
        return bool(paths) and bool(self._targets_under(paths))

    def _targets_under(self, paths: Sequence[str]) -> list[str]:
        wanted = {posixpath.normpath(p) for p in paths}
        return [
            e.target
            for e in self.extracts
            if any(
                e.target == w or e.target.startswith(w + "/") or w.startswith(e.target + "/") for w in wanted
            )
        ]

    # --- paths ----------------------------------------------------------------------------------------

    def _cd(self, words: list[str], file: str) -> None:
        word = words[0] if words else ""
        if "dirname" in word or "BASH_SOURCE" in word:
            rest = re.sub(r"^.*(\)|\})", "", word)
            self.cwd = posixpath.normpath(posixpath.join(posixpath.dirname(file), rest.lstrip("/")))
        elif word in ("", "-"):
            self.cwd = self.start
        else:
            self.cwd = self._path(word) or self.cwd
        self.cwd = "" if self.cwd == "." else self.cwd

    def _path(self, word: str) -> str | None:
        """The path relative to the root; None if it is outside or not static."""
        word, cwd = relative_to_cwd(word), self.cwd
        if word.startswith(ROOTED):
            word, cwd = word.removeprefix(ROOTED), ""
        if word.startswith(("/", "~", "-")) or re.search(r"[$`*?]|://", word):
            return None
        path = posixpath.normpath(posixpath.join(cwd, word))
        return None if path.startswith("..") else ("" if path == "." else path)


def _called(line: Sequence[str]) -> list[str]:
    """The words of the program that a line calls, after assignments, wrappers and reserved words."""
    words = list(line)
    while words:
        inner = unwrap(command_of(words))
        if inner is not None:
            words = [word.text for word in inner.words]
        elif words[0] == "eval" or leads_command(words[0]) or re.fullmatch(r"\w+=.*", words[0]):
            words.pop(0)
        else:
            break
    return words
