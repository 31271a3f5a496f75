"""Builds a Dockerfile in memory, as the builder does it: every stage, every instruction, every command.

It shares nothing with slimify: the parser is that of e2b-dockerfile-utils, the shell and the programs are
those of this folder. Rules: docs.docker.com/reference/dockerfile (2026-11) and builds with BuildKit 0.13.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from e2b_dockerfile_utils import DockerfileSyntaxError, ShellLex, parse_dockerfile_ast
from tools.generator.simulation.accounts import ids
from tools.generator.simulation.bases import base_of, files_of
from tools.generator.simulation.copies import BuildFailed, bring, found, owner_of, place_node
from tools.generator.simulation.files import Files, Missing, Node, copy_tree
from tools.generator.simulation.shell import Shell, Unmodelled, program

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Behaviour = Callable[[Shell, list[str], bytes], int | None]


@dataclass
class Image:
    """An image, or a stage on its way to one."""

    files: Files
    env: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    workdir: str = "/"
    user: str = ""
    shell: list[str] = field(default_factory=lambda: ["/bin/sh", "-c"])
    labels: dict[str, str] = field(default_factory=dict)
    volumes: list[str] = field(default_factory=list)
    ports: list[str] = field(default_factory=list)
    stop_signal: str = ""
    healthcheck: list[str] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)  # of ONBUILD
    base: str = ""
    args: dict[str, str] = field(default_factory=dict)
    own_command: bool = False  # set in this stage

    def child(self) -> Image:
        copied = {k: v.copy() if isinstance(v, (dict, list, Files)) else v for k, v in self.__dict__.items()}
        return Image(**{**copied, "args": dict(self.args), "own_command": False})

    def process(self, behaviour: Behaviour, env: dict[str, str] | None = None) -> Shell:
        """A process of this image, in its working directory and as its user."""
        uid, gid, home = self.identity()
        values = {"PATH": _PATH, **self.env, **(env or {})}
        values.setdefault("HOME", home)
        shell = Shell(self.files, values, self.workdir, uid, gid, behaviour=behaviour)
        shell.exported = set(values)
        return shell

    def identity(self) -> tuple[int, int, str]:
        if not self.user:
            return 0, 0, "/root"
        try:
            uid, gid = ids(self.files, self.user)
        except Missing as error:
            raise BuildFailed(f"no user {self.user}") from error
        rows = (
            [r.split(":") for r in self.files.text("/etc/passwd").splitlines()]
            if self.files.is_file("/etc/passwd")
            else []
        )
        row = next((r for r in rows if r[2] == str(uid)), None)
        return uid or 0, gid if gid is not None else int(row[3]) if row else 0, row[5] if row else "/"


@dataclass
class Build:
    context: Files
    behaviour: Behaviour
    given: dict[str, str] = field(default_factory=dict)
    stages: list[tuple[str, Image]] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict)  # of before the first FROM

    def stage(self, name: str) -> Image:
        """A stage by its name; raises BuildFailed."""
        found = self._stage(name)
        if found is None:
            raise BuildFailed(f"no stage {name}")
        return found

    def run(self, text: str) -> Image:
        """Builds the last stage; raises BuildFailed."""
        try:
            file = parse_dockerfile_ast(text)
        except DockerfileSyntaxError as error:
            raise BuildFailed(f"not parsed: {error}") from error
        for each in file.instructions:
            try:
                self._step(each)
            except (Missing, KeyError, IndexError) as error:
                raise BuildFailed(f"line {each.start_line}: {each.original}: {error!r}") from error
        if not self.stages:
            raise BuildFailed("no FROM")
        return self.stages[-1][1]

    def _step(self, each: Any) -> None:
        if each.name == "FROM":
            return self._from(each)
        if not self.stages:
            for word in each.args:
                name, _, value = word.partition("=")
                self.arguments[name] = self.given.get(name, self._expanded(value, self.arguments))
            return None
        image = self.stages[-1][1]
        method = getattr(self, f"_{each.name.lower()}", None)
        if method is None:
            raise Unmodelled(each.name)
        return method(image, each)

    @staticmethod
    def _expanded(word: str, env: dict[str, str]) -> str:
        return str(ShellLex("\\", env=env, skip_unset_env=False).process_word(word))

    def _word(self, image: Image, word: str) -> str:
        return self._expanded(
            word, {"PATH": _PATH, **image.env, **{k: v for k, v in image.args.items() if k not in image.env}}
        )

    def _from(self, each: Any) -> None:
        words = [w for w in each.args if not w.startswith("--")]
        reference = self._expanded(words[0], self.arguments)
        name = words[2].lower() if len(words) > 2 else ""
        self.stages.append((name, self._image(reference).child()))

    def _image(self, reference: str) -> Image:
        found = self._stage(reference)
        if found is not None:
            return found
        base = base_of(reference)
        if base is None:
            raise Unmodelled(f"image {reference}")
        return Image(
            files_of(base),
            dict(base.env),
            list(base.entrypoint),
            list(base.command),
            base.workdir,
            base.user,
            base=reference,
        )

    def _stage(self, reference: str) -> Image | None:
        if reference.isdigit() and int(reference) < len(self.stages):
            return self.stages[int(reference)][1]
        return next((i for n, i in reversed(self.stages) if n and n == reference.lower()), None)

    # --- state

    def _arg(self, image: Image, each: Any) -> None:
        for word in each.args:
            name, equals, value = word.partition("=")
            default = self._word(image, value) if equals else self.arguments.get(name)
            found = self.given.get(name, default)
            if found is not None:
                image.args[name] = found

    def _env(self, image: Image, each: Any) -> None:
        image.env.update(self._pairs(image, each.args))

    def _label(self, image: Image, each: Any) -> None:
        image.labels.update(self._pairs(image, each.args))

    def _pairs(self, image: Image, words: Sequence[str]) -> dict[str, str]:
        return {words[n]: self._word(image, words[n + 1]) for n in range(0, len(words) - 2, 3)}

    def _workdir(self, image: Image, each: Any) -> None:
        image.workdir = posixpath.normpath(posixpath.join(image.workdir, self._word(image, each.args[0])))
        uid, gid, _ = image.identity()
        if image.files.get(image.workdir) is None:
            image.files.make_directories(image.workdir)
            image.files.change(image.workdir, uid=uid, gid=gid)

    def _user(self, image: Image, each: Any) -> None:
        image.user = self._word(image, each.args[0])

    def _shell(self, image: Image, each: Any) -> None:
        image.shell = list(each.args)

    def _volume(self, image: Image, each: Any) -> None:
        for word in each.args if each.json else each.args[0].split():
            image.volumes.append(self._word(image, word))

    def _expose(self, image: Image, each: Any) -> None:
        image.ports += [self._word(image, w) for w in each.args]

    def _stopsignal(self, image: Image, each: Any) -> None:
        image.stop_signal = self._word(image, each.args[0])

    def _healthcheck(self, image: Image, each: Any) -> None:
        image.healthcheck = [*each.flags, *each.args]

    def _onbuild(self, image: Image, each: Any) -> None:
        image.triggers.append(" ".join(each.original.split()[1:]))

    def _maintainer(self, image: Image, each: Any) -> None:
        return None

    def _cmd(self, image: Image, each: Any) -> None:
        image.command = _started(image, each)
        image.own_command = True

    def _entrypoint(self, image: Image, each: Any) -> None:
        image.entrypoint = _started(image, each)
        if not image.own_command:
            image.command = []

    # --- RUN

    def _run(self, image: Image, each: Any) -> None:
        mounted = [
            self._mount(image, dict(x.partition("=")[::2] for x in f[8:].split(",")))
            for f in each.flags
            if f.startswith("--mount=")
        ]
        shell = image.process(self.behaviour, dict(image.args.items()))
        text = each.args[0]
        if each.heredocs and re.fullmatch(r"<<-?\S+", text.strip()):
            text = each.heredocs[0].content
        elif each.heredocs:
            text += "\n" + "".join(f"{h.content}{h.name}\n" for h in each.heredocs)
        if each.json:
            status = shell.start(list(each.args))
        elif text.startswith("#!"):
            raise Unmodelled("a script with a shebang")
        else:
            if shell.find(image.shell[0]) is None:
                raise BuildFailed(f"line {each.start_line}: no {image.shell[0]}")
            shell.interprets_echo = image.shell[0].endswith("/sh") and image.files.is_file("/bin/dash")
            shell.errexit = any(re.fullmatch(r"-\w*e\w*", w) for w in image.shell[1:])
            status = shell.run(text)
        for undo in mounted:
            undo()
        if status:
            raise BuildFailed(f"line {each.start_line}: {each.original}: {'; '.join(shell.errors[-2:])}")

    def _mount(self, image: Image, words: dict[str, str]) -> Callable[[], None]:
        target = posixpath.join(
            image.workdir, self._word(image, words.get("target") or words.get("dst") or "")
        )
        place = image.files.real(target)
        before = {path: image.files.nodes[path] for path in image.files.below(place)}
        existed = image.files.get(target) is not None
        if words.get("type") == "bind":
            source = self._image(words["from"]).files if "from" in words else self.context
            start = posixpath.join("/", words.get("source") or words.get("src") or "")
            node = source.get(start)
            if node is None:
                raise BuildFailed(f"mount: {start}")
            if node.kind == "file":
                image.files.add(target, node.data, node.mode)
            else:
                image.files.make_directories(target)
                copy_tree(source, start, image.files, target, None)
        elif words.get("type") == "cache":
            image.files.make_directories(target)
        else:
            return lambda: None

        def undo() -> None:
            if existed:
                for path in image.files.below(place):
                    image.files.nodes.pop(path, None)
                image.files.nodes.update(before)
            else:
                image.files.remove(target)

        return undo

    # --- COPY

    def _add(self, image: Image, each: Any) -> None:
        self._copy(image, each, archives=True)

    def _copy(self, image: Image, each: Any, archives: bool = False) -> None:
        flags = dict(f.partition("=")[::2] for f in each.flags)
        unknown = set(flags) - {"--from", "--chown", "--chmod", "--link"}
        if unknown:
            raise Unmodelled(f"{each.name} {unknown}")
        source = self._image(flags["--from"]).files if "--from" in flags else self.context
        owner = owner_of(image.files, self._word(image, flags.get("--chown", "")))
        if "--from" in flags and "--chown" not in flags:
            owner = None
        mode = flags.get("--chmod")
        words = [self._word(image, w) for w in each.args]
        if len(words) + len(each.heredocs) < 2:
            raise BuildFailed(f"line {each.start_line}: COPY of nothing")
        target = posixpath.normpath(posixpath.join(image.workdir, words[-1]))
        into = words[-1].endswith(("/", "/.")) or words[-1] == "." or len(words) > 2
        for heredoc in each.heredocs:
            text = self._heredoc(image, heredoc)
            place = posixpath.join(target, heredoc.name) if into else target
            place_node(image.files, place, Node("file", text.encode()), owner or (0, 0), mode)
        for word in words[:-1]:
            if word.startswith("https://"):
                name = posixpath.basename(word)
                place = posixpath.join(target, name) if into else target
                place_node(image.files, place, Node("file", program(name), 0o600), owner or (0, 0), mode)
            elif not word.startswith("<<"):
                for path in found(source, word):
                    bring(source, path, image.files, target, into, owner, mode, archives)

    def _heredoc(self, image: Image, heredoc: Any) -> str:
        if not heredoc.expand:
            return str(heredoc.content)
        env = {**image.args, **image.env}
        return re.sub(r"\$\{?(\w+)\}?", lambda m: env.get(m[1], ""), heredoc.content)


def without_ignored(context: Files, ignore_rules: Sequence[str]) -> Files:
    """The context that the builder gets. `!` and patterns below directories are as .dockerignore has them."""
    from e2b_dockerfile_utils import PatternMatcher

    if not ignore_rules:
        return context
    matcher = PatternMatcher(list(ignore_rules))
    kept = Files()
    for path in context.below("/"):
        node = context.nodes[path]
        if not matcher.matches(path[1:]):
            kept.make_directories(posixpath.dirname(path))
            if node.kind == "directory":
                kept.make_directories(path)
                kept.change(path, mode=node.mode)
            else:
                kept.put(path, node)
    return kept


def _started(image: Image, each: Any) -> list[str]:
    """The words of CMD and ENTRYPOINT; of text behind an array the array, as earlier releases take it."""
    if each.json:
        return list(each.args)
    try:
        return [str(word) for word in json.JSONDecoder().raw_decode(each.args[0])[0]]
    except ValueError:
        return [*image.shell, each.args[0]]
