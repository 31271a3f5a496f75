"""A small shell that really runs its commands, on the files in memory."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tools.generator.simulation.files import Files, Missing
from tools.generator.simulation.shell_grammar import CannotParse, Node, Unmodelled, parse_shell
from tools.generator.simulation.words import Words


class Leave(Exception):
    """`exit`, or a failed command under `set -e`."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Return(Leave):
    pass


Command = Callable[["Shell", list[str]], int]
COMMANDS: dict[str, Command] = {}  # programs, by the name in the file that holds them
BUILTINS: dict[str, Command] = {}


def command(*names: str) -> Callable[[Command], Command]:
    def register(function: Command) -> Command:
        COMMANDS.update(dict.fromkeys(names, function))
        return function

    return register


def builtin(*names: str) -> Callable[[Command], Command]:
    def register(function: Command) -> Command:
        BUILTINS.update(dict.fromkeys(names, function))
        return function

    return register


def program(name: str) -> bytes:
    """The content of the file of a program that COMMANDS knows."""
    return b"\x7fELF " + name.encode()


@dataclass
class Shell(Words):
    files: Files
    env: dict[str, str]
    cwd: str = "/"
    uid: int = 0
    gid: int = 0
    exported: set[str] = field(default_factory=set)
    arguments: list[str] = field(default_factory=list)
    name: str = "sh"
    functions: dict[str, Node] = field(default_factory=dict)
    errexit: bool = False
    status: int = 0
    stdin: str = ""
    out: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    umask: int = 0o022
    # what programs of the project do: (shell, words, content of the program) -> status, None if it is none
    behaviour: Callable[[Shell, list[str], bytes], int | None] = lambda *_: None
    started: list[str] = field(default_factory=list)
    depth: int = 0
    interprets_echo: bool = False  # dash: `\\n` in the words of echo is a new line

    def child(self, **changes: Any) -> Shell:
        """A process of its own; it shares files and streams."""
        values = {**self.__dict__, "env": dict(self.env), "functions": dict(self.functions), **changes}
        values["depth"] = self.depth + 1
        if values["depth"] > 30:
            raise Unmodelled("commands that call each other")
        return Shell(**{**values, "exported": set(values["exported"])})

    def path(self, name: str) -> str:
        return posixpath.normpath(posixpath.join(self.cwd, name)) if name != "/" else "/"

    def say(self, text: str) -> int:
        self.errors.append(text)
        return 1

    # --- running

    def run(self, text: str) -> int:
        """Runs a script in this shell, and returns its status."""
        try:
            tree = parse_shell(text)
        except CannotParse as error:
            raise Unmodelled(f"shell: {error}") from error
        try:
            self.execute(tree)
        except Leave as leaving:
            self.status = leaving.status
        return self.status

    def execute(self, node: Node, tested: bool = False) -> int:
        if node.redirects and node.kind != "simple":
            return self._redirected(node, lambda: getattr(self, f"_do_{node.kind}")(node, tested))
        self.status = getattr(self, f"_do_{node.kind}")(node, tested)
        return self.status

    def _do_list(self, node: Node, tested: bool) -> int:
        parts = node.parts
        for number, (operator, each) in enumerate(parts):
            if (operator == "&&" and self.status) or (operator == "||" and not self.status):
                continue
            later = parts[number + 1][0] if number + 1 < len(parts) else ";"
            guarded = tested or later in ("&&", "||") or each.kind == "not"
            status = self.execute(each, guarded)
            if status and self.errexit and not guarded and each.kind in ("simple", "pipe", "subshell"):
                raise Leave(status)
        return self.status

    def _do_pipe(self, node: Node, tested: bool) -> int:
        text, status = self.stdin, 0
        for number, each in enumerate(node.parts):
            out = self.out if number == len(node.parts) - 1 else []
            process = self.child(stdin=text, out=out)
            try:
                status = process.execute(each, tested)
            except Leave as leaving:
                status = leaving.status
            text = "".join(out)
        return status

    def _do_not(self, node: Node, tested: bool) -> int:
        return int(not self.execute(node.parts[0], True))

    def _do_group(self, node: Node, tested: bool) -> int:
        return self.execute(node.parts[0], tested)

    def _do_subshell(self, node: Node, tested: bool) -> int:
        process = self.child()
        try:
            return process.execute(node.parts[0], tested)
        except Leave as leaving:
            return leaving.status

    def _do_function(self, node: Node, tested: bool) -> int:
        self.functions[node.parts[0]] = node.parts[1]
        return 0

    def _do_for(self, node: Node, tested: bool) -> int:
        self.status = 0
        for word in self.words(node.parts[1]):
            self.env[node.parts[0]] = word
            self.execute(node.parts[2], tested)
        return self.status

    def _do_while(self, node: Node, tested: bool) -> int:
        for _ in range(50):
            if self.execute(node.parts[0], True):
                return 0
            self.execute(node.parts[1], tested)
        raise Unmodelled("an endless loop")

    def _do_if(self, node: Node, tested: bool) -> int:
        for condition, body in node.parts:
            if condition is None or not self.execute(condition, True):
                self.status = 0
                return self.execute(body, tested)
        return 0

    def _do_case(self, node: Node, tested: bool) -> int:
        value = self.word(node.parts[0])
        for patterns, body in node.parts[1:]:
            if any(fnmatchcase(value, self.word(p)) for p in patterns):
                self.status = 0
                return self.execute(body, tested)
        return 0

    def _do_simple(self, node: Node, tested: bool) -> int:
        assignments = []
        words = list(node.parts)
        while words and re.match(r"\w+=", words[0]):
            assignments.append(words.pop(0).split("=", 1))
        argv = self.words(words)
        if not argv:
            self.status = 0
            for name, value in assignments:
                self.env[name] = self.word(value)
            return self._redirected(node, lambda: self.status)
        before = dict(self.env), set(self.exported)
        for name, value in assignments:
            self.env[name] = self.word(value)
            self.exported.add(name)
        try:
            return self._redirected(node, lambda: self.call(argv, tested))
        finally:
            if assignments:
                self.env, self.exported = before

    def _redirected(self, node: Node, work: Callable[[], int]) -> int:
        out, stdin = self.out, self.stdin
        target, append = "", False
        for each in node.redirects:
            name = self.word(each.target)
            if each.operator.startswith("<<"):
                self.stdin = each.body if re.search(r"['\"]", each.target) else self.expanded(each.body)
            elif each.operator == "<":
                try:
                    self.stdin = self.files.text(self.path(name))
                except Missing:
                    return self.say(f"{name}: not found")
            elif each.operator in (">", ">>") and each.fd != "2":
                target, append = name, each.operator == ">>"
                self.out = []
        try:
            status = work()
            if target and target not in ("/dev/null", "/dev/stderr", "/dev/stdout"):
                return self._save(target, "".join(self.out), append) or status
        finally:
            self.out, self.stdin = out, stdin
        return status

    def _save(self, target: str, text: str, append: bool) -> int:
        path = self.path(target)
        try:
            if append and self.files.is_file(path):
                text = self.files.text(path) + text
            if not self.may_write(path):
                raise Missing(path)
            self.files.write(path, text, uid=self.uid, gid=self.gid, mode=0o666 & ~self.umask)
        except Missing:
            return self.say(f"cannot create {target}")
        return 0

    def may_write(self, path: str) -> bool:
        """Whether the user may create or change a file."""
        node = self.files.get(path) or self.files.get(posixpath.dirname(self.files.real(path)))
        return node is not None and self.allowed(node, 2)

    def allowed(self, node: Any, bit: int) -> bool:
        if self.uid == 0:
            return bit != 1 or bool(node.mode & 0o111)
        shift = 6 if node.uid == self.uid else 3 if node.gid == self.gid else 0
        return bool(node.mode >> shift & bit)

    def reachable(self, path: str) -> bool:
        """Whether the user may pass through the directories above a path."""
        place = posixpath.dirname(self.files.real(path))
        while place != "/":
            node = self.files.get(place)
            if node is None or not self.allowed(node, 1):
                return False
            place = posixpath.dirname(place)
        return True

    def call(self, argv: list[str], tested: bool = False) -> int:
        name = argv[0]
        if name in self.functions:
            before, self.arguments = self.arguments, argv[1:]
            try:
                return self.execute(self.functions[name], tested)
            except Return as leaving:
                return leaving.status
            finally:
                self.arguments = before
        if name in BUILTINS:
            return BUILTINS[name](self, argv)
        return self.start(argv)

    def output_of(self, text: str) -> str:
        process = self.child(out=[])
        self.status = process.run(text)
        return "".join(process.out).rstrip("\n")

    def environment(self) -> dict[str, str]:
        return {k: v for k, v in self.env.items() if k in self.exported}

    def find(self, name: str) -> str | None:
        """The file of a program."""
        if "/" in name:
            return self.path(name) if self.files.is_file(self.path(name)) else None
        for place in self.env.get("PATH", "/usr/local/bin:/usr/bin:/bin").split(":"):
            node = self.files.get(posixpath.join(place or ".", name))
            if node is not None and node.kind == "file" and node.mode & 0o111:
                return posixpath.join(place, name)
        return None

    def start(self, argv: list[str]) -> int:
        """Starts a program, in a process of its own."""
        place = self.find(argv[0])
        if place is None:
            self.say(f"{argv[0]}: not found")
            return 127
        node = self.files.get(place)
        assert node is not None
        if not self.allowed(node, 1) or not self.reachable(place):
            self.say(f"{argv[0]}: permission denied")
            return 126
        process = self.child(env=self.environment(), functions={}, errexit=False)
        process.exported = set(process.env)
        status = process.interpret(place, argv, node.data)
        self.started += [argv[0]]
        return status

    def interpret(self, place: str, argv: list[str], data: bytes) -> int:
        """Runs a file as the program that it is."""
        if data.startswith(b"\x7fGO "):
            known = self.behaviour(self, argv, data)
            if known is None:
                raise Unmodelled(f"program {place}")
            return known
        if data.startswith(b"\x7fELF "):
            name, *needs = data[5:].decode().split()
            if needs and not self.files.is_file(needs[-1]):
                self.say(f"{place}: no {needs[-1]}")
                return 127
            if name not in COMMANDS:
                if not argv[1:] or argv[1:] in (["--version"], ["-V"], ["-v"], ["--help"]):
                    return 0
                raise Unmodelled(f"program {name}: {argv}")
            return COMMANDS[name](self, argv)
        line = data.split(b"\n", 1)[0].decode("utf-8", "replace")
        if not line.startswith("#!"):
            return self.child().script(data.decode(), [place, *argv[1:]])
        words = line[2:].split()
        return self.start([words[0], *([" ".join(words[1:])] if words[1:] else []), place, *argv[1:]])

    def script(self, text: str, argv: list[str]) -> int:
        self.name, self.arguments = argv[0], argv[1:]
        return self.run(text)


def run_sub(shell: Shell, argv: list[str], **changes: Any) -> int:
    """Starts a program with other state, as env, gosu and the like do."""
    return shell.child(**changes).start(argv)
