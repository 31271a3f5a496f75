"""The script that glued two Dockerfiles together: which paths of the one's image it put into the other's
context, and which of its lines do nothing else.

In: calls in their order; out: `Glue`. What it does with a file in between is told, and nothing is guessed: a
path that can't be followed is no extraction.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.context.build_scripts.call import Call
from slimify.context.build_scripts.command_lines import name_of, options_of, tar_of
from slimify.context.build_scripts.scripts import Script, here, scripts
from slimify.context.build_scripts.variables import ROOTED
from slimify.facts.shells import leads_command
from slimify.model.decisions import Reason
from slimify.syntax.shell.script import command_of, unwrap

_LOOKING = frozenset(
    """echo printf ls test [ [[ true : file du stat sha256sum sha1sum md5sum mkdir touch rm docker podman git
    set cd pushd popd export source . exit if sleep""".split()
)


class Extract(Struct, frozen=True, kw_only=True):
    """`path` of the builder's image arrives at `target`, relative to the directory the script starts in.

    `ran`: the container had run its command before.
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


class Glue(Struct, frozen=True, kw_only=True):
    """What a script does between the two builds. `altered` are extracted files with the line and the program
    that works on them before they are copied, `needless` the lines that only serve to hand them over."""

    file: str
    builder: Build
    runtime: Build | None
    extracts: tuple[Extract, ...]
    altered: tuple[tuple[str, int, str], ...] = ()
    obscure: tuple[tuple[int, Reason], ...] = ()  # containers of the builder whose use can't be followed
    needless: tuple[tuple[int, int, str], ...] = ()  # first and last line, program
    command: tuple[str, ...] = ()  # what the container ran before files were taken out of it


def glue(
    root: Path, builder: str, runtime: str, entrypoint: Sequence[str] = (), command: Sequence[str] = ()
) -> Glue | None:
    """The script that builds `builder` and takes files out of it, at best one that also builds `runtime`.

    Both are relative to `root`. `entrypoint` and `command` are what the builder's image runs by itself.
    """
    best: Glue | None = None
    near = posixpath.commonpath([posixpath.dirname(builder) or ".", posixpath.dirname(runtime) or "."])
    for script in scripts(root, near.removeprefix(".")):
        for start in _starts(script.file):
            found = _Reader(root, start, builder, runtime, tuple(entrypoint), tuple(command)).read(script)
            if found is not None and (best is None or _worth(found) > _worth(best)):
                best = found
    return best


def told(found: Glue | None, given: Sequence[tuple[str, str]], context: str) -> Glue:
    """The glue with what the user says is taken out of the builder: `path` and its name in the context."""
    extracts = tuple(
        Extract(path=path, target=posixpath.normpath(posixpath.join(context, name)), line=0)
        for path, name in given
    )
    if found is not None:
        return replace(found, extracts=(*found.extracts, *extracts), altered=(), obscure=())
    build = Build(line=0, tags=(), context=context, args=())
    return Glue(file="", builder=build, runtime=None, extracts=extracts)


def _worth(found: Glue) -> tuple[int, int, int]:
    return (bool(found.extracts), found.runtime is not None, -len(found.altered) - len(found.obscure))


def _starts(file: str) -> tuple[str, ...]:
    """Where a script may be started: at the root of what was searched, beside itself, in between."""
    found = [""]
    folder = posixpath.dirname(file)
    while folder:
        found.append(folder)
        folder = posixpath.dirname(folder)
    return tuple(dict.fromkeys(found))


class _Reader(Struct):
    """Follows one script."""

    root: Path
    start: str
    builder: str
    runtime: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    cwd: str = ""
    built: Build | None = None
    after: Build | None = None
    tags: set[str] = field(default_factory=set)
    containers: dict[str, bool] = field(default_factory=dict)  # name: it ran
    made: set[str] = field(default_factory=set)  # directories
    extracts: list[Extract] = field(default_factory=list)
    altered: list[tuple[str, int, str]] = field(default_factory=list)
    obscure: list[tuple[int, Reason]] = field(default_factory=list)
    needless: list[tuple[int, int, str]] = field(default_factory=list)
    told: tuple[str, ...] = ()

    def read(self, script: Script) -> Glue | None:
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
            elif self.built is not None and self.after is None and not call.fed:
                self._other(call, tool, words[1:])
            elif tool == "rm" and self.after is not None and self._ours(words[1:]):
                self.needless.append((call.line, call.end, "rm"))
        if self.built is None:
            return None
        return Glue(
            file=script.file,
            builder=self.built,
            runtime=self.after,
            extracts=tuple(self.extracts),
            altered=tuple(self.altered),
            obscure=tuple(self.obscure),
            needless=tuple(dict.fromkeys(self.needless)),
            command=self.told,
        )

    # --- docker -------------------------------------------------------------------------------------

    def _docker(self, call: Call, words: list[str]) -> None:
        if words[0] in ("container", "image", "buildx", "builder") and len(words) > 1:
            words = words[1:]
        verb, rest = words[0], words[1:]
        if verb in ("build", "b"):
            self._build(call, rest)
        elif verb in ("create", "run") and self.built is not None:
            self._container(call, verb, rest)
        elif verb == "cp" and self.built is not None:
            self._cp(call, rest)
        elif verb in ("rm", "rmi", "stop", "kill", "wait", "start", "logs", "attach"):
            names = {name_of(w) for w in rest if not w.startswith("-")}
            if names and names <= (self.containers.keys() | self.tags):
                self.needless.append((call.line, call.end, f"docker {verb}"))
                for name in names & self.containers.keys() if verb in ("start", "wait") else ():
                    self.containers[name] = True

    def _build(self, call: Call, words: list[str]) -> None:
        options, operands = options_of(words, 1)
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
            tags=tuple(name_of(t) for t in (*options.get("-t", ()), *options.get("--tag", ()))),
            context=posixpath.normpath(where or "."),
            args=tuple(options.get("--build-arg", ())),
            target=(options.get("--target") or [""])[-1],
        )
        name = posixpath.normpath(name)
        if name == self.builder and self.built is None:
            self.built = build
            self.tags = {*build.tags, *((f"${call.assigned}",) if call.assigned else ())}
            self.needless.append((call.line, call.end, "docker build"))
        elif name == self.runtime and self.built is not None and self.after is None:
            self.after = build

    def _container(self, call: Call, verb: str, words: list[str]) -> None:
        options, operands = options_of(words, 1, stop=True)
        if not operands or name_of(operands[0]) not in self.tags:
            return
        command = tuple(operands[1:])
        for name in (*options.get("--name", ()), *((f"${call.assigned}",) if call.assigned else ())):
            self.containers[name_of(name)] = verb == "run"
        for file in options.get("--cidfile", ()):
            self.containers[f"$(cat {file})"] = verb == "run"
        self.needless.append((call.line, call.end, f"docker {verb}"))
        if verb == "create":
            return
        own = (*self.entrypoint, *(command or self.command))
        if "--entrypoint" in options:
            own = (*options["--entrypoint"][-1:], *command)
        mounts = [m for m in map(self._mount, (*options.get("-v", ()), *options.get("--volume", ()))) if m]
        found = self._output(call, own)
        if found is None and mounts:
            found = self._copied(call, own, mounts)
            if not found:
                self.obscure.append((call.line, Reason.of("SL374", "mounted")))
        if found is None and call.stdout not in ("", "/dev/null"):
            self.obscure.append((call.line, Reason.of("SL374", "stored")))
        if found is None and call.piped:
            self.obscure.append((call.line, Reason.of("SL374", "printed", command=call.piped[0])))
        self.extracts += found or ()
        if not found and self.containers:
            self.told = own

    def _mount(self, text: str) -> tuple[str, str] | None:
        outer, _, inner = here(text).partition(":")
        place = self._path(outer)
        return (inner.partition(":")[0].rstrip("/"), place) if inner and place is not None else None

    def _output(self, call: Call, words: tuple[str, ...]) -> list[Extract] | None:
        """What a container's output brings: `cat FILE > …`, `tar -c … | tar -x …`."""
        tool, rest = (posixpath.basename(words[0]), list(words[1:])) if words else ("", [])
        if tool == "cat" and len(rest) == 1 and rest[0].startswith("/") and call.stdout:
            return self._extracts(call, rest[0], call.stdout, into=False)
        if tool != "tar" or not call.piped or posixpath.basename(call.piped[0]) != "tar":
            return None
        packed, unpacked = tar_of(rest, "c"), tar_of(list(call.piped[1:]), "x")
        if packed is None or unpacked is None or unpacked[1] or not packed[0].startswith("/"):
            return None
        found: list[Extract] = []
        for member in packed[1]:
            place = posixpath.join(unpacked[0] or ".", member)
            path = posixpath.join(packed[0], member)
            found += self._extracts(call, path, place, into=False)
        return found

    def _copied(
        self, call: Call, words: tuple[str, ...], mounts: Sequence[tuple[str, str]]
    ) -> list[Extract] | None:
        """What a container copies to a directory that is mounted into it."""
        if not words or posixpath.basename(words[0]) != "cp":
            return None
        operands = [w for w in words[1:] if not w.startswith("-")]
        if len(operands) < 2 or not all(w.startswith("/") for w in operands):
            return None
        *sources, dest = operands
        mount = next((m for m in mounts if dest == m[0] or dest.startswith(m[0] + "/")), None)
        if mount is None:
            return None
        place = posixpath.join(mount[1] or ".", dest[len(mount[0]) :].lstrip("/"))
        into = dest.rstrip("/") == mount[0] or dest.endswith("/") or len(sources) > 1
        found: list[Extract] = []
        for source in sources:
            found += self._extracts(call, source, place, into=into, seen=True)
        return found

    def _cp(self, call: Call, words: list[str]) -> None:
        _, operands = options_of(words, 2)
        if len(operands) != 2:
            return
        name, mark, path = operands[0].partition(":")
        if not mark or name_of(name) not in self.containers:
            return
        path = posixpath.join("/", path)
        dest = operands[1]
        self.needless.append((call.line, call.end, "docker cp"))
        if dest == "-":
            unpacked = tar_of(list(call.piped[1:]), "x") if call.piped[:1] == ("tar",) else None
            if unpacked is None or unpacked[1]:
                self.obscure.append((call.line, Reason.of("SL374", "copied_archive")))
                return
            dest = (unpacked[0] or ".") + "/"
        ran = self.containers[name_of(name)]
        self.extracts += self._extracts(call, path, dest, ran=ran, into=self._is_dir(dest, path))

    def _extracts(
        self, call: Call, path: str, dest: str, *, into: bool, ran: bool = False, seen: bool = False
    ) -> list[Extract]:
        place = dest if seen else self._path(dest)
        if place is None or re.search(r"[$*?`]", path):
            self.obscure.append((call.line, Reason.of("SL374", "path_unknown")))
            return []
        whole = path.endswith("/.")
        path = posixpath.normpath(path)
        if into and not whole:
            place = posixpath.join(place, posixpath.basename(path))
        return [Extract(path=path, target=posixpath.normpath(place), line=call.line, ran=ran)]

    def _is_dir(self, dest: str, path: str) -> bool:
        """Whether a destination is a directory by then; one of the name of what is copied is what an earlier
        run left."""
        place = self._path(dest)
        if dest.endswith(("/", "/.")) or dest in (".", "..") or place in ("", "."):
            return True
        if place is None or place in self.made:
            return place is not None
        return posixpath.basename(place) != posixpath.basename(path) and (self.root / place).is_dir()

    # --- what is done on the machine -------------------------------------------------------------------

    def _other(self, call: Call, tool: str, words: list[str]) -> None:
        operands = [w for w in words if not w.startswith("-")]
        paths = [p for p in map(self._path, operands) if p is not None]
        if tool == "mkdir":
            self.made |= {posixpath.normpath(p) for p in paths}
            return
        if tool in ("mv", "cp") and len(operands) == 2 and len(paths) == 2:
            self._moved(call, tool, paths[0], operands[1])
        elif tool not in _LOOKING and tool != "chmod":
            self.altered += [(target, call.line, tool) for target in self._named(paths)]

    def _moved(self, call: Call, tool: str, source: str, dest: str) -> None:
        source = posixpath.normpath(source)
        for item in list(self.extracts):
            if item.target != source and not item.target.startswith(source + "/"):
                if source.startswith(item.target + "/"):
                    inner = posixpath.join(item.path, source[len(item.target) + 1 :])
                    item = Extract(path=inner, target=source, line=item.line, ran=item.ran)
                else:
                    continue
            place = self._path(dest) or ""
            place = posixpath.join(place, posixpath.basename(source)) if self._is_dir(dest, source) else place
            target = posixpath.normpath(place + item.target[len(source) :])
            if tool == "mv" and item in self.extracts:
                self.extracts.remove(item)
            self.extracts.append(Extract(path=item.path, target=target, line=item.line, ran=item.ran))
            self.needless.append((call.line, call.end, tool))

    def _ours(self, words: Sequence[str]) -> bool:
        paths = [p for p in map(self._path, words) if p is not None]
        return bool(paths) and bool(self._named(paths))

    def _named(self, paths: Sequence[str]) -> list[str]:
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
        """Relative to the root; None for what lies elsewhere, or only a shell knows."""
        word, cwd = here(word), self.cwd
        if word.startswith(ROOTED):
            word, cwd = word.removeprefix(ROOTED), ""
        if word.startswith(("/", "~", "-")) or re.search(r"[$`*?]|://", word):
            return None
        path = posixpath.normpath(posixpath.join(cwd, word))
        return None if path.startswith("..") else ("" if path == "." else path)


def _called(line: Sequence[str]) -> list[str]:
    """The words of the program that a line calls, behind assignments, wrappers and reserved words."""
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
