"""A small parser for shell, apart from slimify's: enough for what generated projects contain."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_OPERATOR = re.compile(r"&&|\|\||;;|;|&(?!>)|\||\(|\)|\n")
_REDIRECT = re.compile(r"(\d*|&)(>>|>&|<<-?|>|<)")
_KEYWORDS = ("then", "elif", "else", "fi", "do", "done", "esac", "}")


class CannotParse(Exception):
    pass


class Unmodelled(Exception):
    """A command, option or file that the simulation does not know: a gap of the tool, no finding."""


@dataclass
class Redirect:
    fd: str
    operator: str
    target: str
    body: str = ""


@dataclass
class Node:
    """`kind` says what `parts` are: see the methods of Parser."""

    kind: str
    parts: list[Any] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)


def tokens_of(text: str) -> list[Any]:
    """Words as strings, operators as 1-tuples, and Redirects."""
    found: list[Any] = []
    pending: list[Redirect] = []
    at = 0
    while at < len(text):
        if text.startswith("\\\n", at):
            at += 2
        elif text[at] in " \t\r":
            at += 1
        elif text[at] == "#":
            at = _end_of_line(text, at)
        elif match := _REDIRECT.match(text, at):
            at = _redirect(text, match, found, pending)
        elif match := _OPERATOR.match(text, at):
            found.append((match[0],))
            at = match.end()
            if match[0] == "\n" and pending:
                at = _bodies(text, at, pending)
        else:
            end = word_end(text, at)
            found.append(text[at:end])
            at = end
    return found


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _redirect(text: str, match: re.Match[str], found: list[Any], pending: list[Redirect]) -> int:
    at = match.end()
    while text[at] in " \t":
        at += 1
    end = word_end(text, at)
    redirect = Redirect(match[1], match[2], text[at:end])
    found.append(redirect)
    if match[2].startswith("<<"):
        pending.append(redirect)
    return end


def _bodies(text: str, at: int, pending: list[Redirect]) -> int:
    for redirect in pending:
        name = redirect.target.strip("'\"")
        while at < len(text):
            end = _end_of_line(text, at)
            line = text[at:end]
            at = end + 1
            if (line.lstrip("\t") if redirect.operator == "<<-" else line) == name:
                break
            redirect.body += line + "\n"
    pending.clear()
    return at


def word_end(text: str, at: int) -> int:
    """The end of the word that begins here."""
    while at < len(text) and text[at] not in " \t\r\n;&|()<>":
        if text[at] == "\\":
            at += 2
        elif text[at] == "'":
            at = text.index("'", at + 1) + 1
        elif text[at] == '"':
            at = quoted_end(text, at)
        elif text.startswith("$(", at):
            at = closing(text, at + 1, "(", ")")
        elif text.startswith("${", at):
            at = closing(text, at + 1, "{", "}")
        else:
            at += 1
    return at


def quoted_end(text: str, at: int) -> int:
    at += 1
    while text[at] != '"':
        if text[at] == "\\":
            at += 2
        elif text.startswith("$(", at):
            at = closing(text, at + 1, "(", ")")
        else:
            at += 1
    return at + 1


def closing(text: str, at: int, left: str, right: str) -> int:
    depth = 0
    while at < len(text):
        if text[at] == "'":
            at = text.index("'", at + 1)
        elif text[at] == left:
            depth += 1
        elif text[at] == right:
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    raise CannotParse(text)


class Parser:
    def __init__(self, text: str) -> None:
        self.tokens = tokens_of(text)
        self.at = 0

    def peek(self) -> Any:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def next(self) -> Any:
        self.at += 1
        return self.tokens[self.at - 1]

    def skip(self, *operators: str) -> None:
        while (token := self.peek()) is not None and isinstance(token, tuple) and token[0] in operators:
            self.at += 1

    def expect(self, word: str) -> None:
        self.skip("\n", ";")
        if self.peek() is None or self.next() not in (word, (word,)):
            raise CannotParse(f"{word} is missing")

    def script(self) -> Node:
        """`list`: pairs of an operator and a command."""
        found = self.list_of()
        if self.peek() is not None:
            raise CannotParse(f"not expected: {self.peek()}")
        return found

    def list_of(self) -> Node:
        parts: list[tuple[str, Node]] = []
        operator = ";"
        while True:
            self.skip("\n")
            token = self.peek()
            if token is None or token in _KEYWORDS or token in ((")",), (";;",)):
                break
            parts.append((operator, self.pipeline()))
            token = self.peek()
            if not isinstance(token, tuple) or token[0] in (")", ";;"):
                break
            operator = self.next()[0]
            operator = ";" if operator == "\n" else operator
        return Node("list", parts)

    def pipeline(self) -> Node:
        """`pipe`: commands. `not`: one command."""
        if self.peek() == "!":
            self.next()
            return Node("not", [self.pipeline()])
        parts = [self.command()]
        while self.peek() == ("|",):
            self.next()
            self.skip("\n")
            parts.append(self.command())
        return parts[0] if len(parts) == 1 else Node("pipe", parts)

    def command(self) -> Node:
        token = self.peek()
        if token == ("(",):
            self.next()
            node = Node("subshell", [self.list_of()])
            self.expect(")")
        elif isinstance(token, str) and hasattr(self, f"read_{token}"):
            node = getattr(self, f"read_{token}")()
        elif token == "{":
            self.next()
            node = Node("group", [self.list_of()])
            self.expect("}")
        else:
            return self.simple()
        while isinstance(self.peek(), Redirect):
            node.redirects.append(self.next())
        return node

    def simple(self) -> Node:
        """`simple`: words. `function`: a name and its body."""
        node = Node("simple")
        while (token := self.peek()) is not None:
            if isinstance(token, Redirect):
                node.redirects.append(token)
            elif isinstance(token, str):
                node.parts.append(token)
            elif token == ("(",) and len(node.parts) == 1:
                self.next()
                self.expect(")")
                self.skip("\n")
                return Node("function", [node.parts[0], self.command()])
            else:
                break
            self.at += 1
        if not node.parts and not node.redirects:
            raise CannotParse(f"no command: {self.peek()}")
        return node

    def read_for(self) -> Node:
        """`for`: a name, words, a body."""
        self.next()
        name, words = self.next(), ['"$@"']
        if self.peek() == "in":
            self.next()
            words = []
            while isinstance(self.peek(), str):
                words.append(self.next())
        self.expect("do")
        body = self.list_of()
        self.expect("done")
        return Node("for", [name, words, body])

    def read_while(self) -> Node:
        """`while`: a condition and a body."""
        self.next()
        condition = self.list_of()
        self.expect("do")
        body = self.list_of()
        self.expect("done")
        return Node("while", [condition, body])

    def read_if(self) -> Node:
        """`if`: pairs of a condition, or None, and a body."""
        self.next()
        parts: list[tuple[Node | None, Node]] = []
        condition: Node | None = self.list_of()
        self.expect("then")
        while True:
            parts.append((condition, self.list_of()))
            word = self.next()
            if word == "fi":
                return Node("if", parts)
            condition = None
            if word == "elif":
                condition = self.list_of()
                self.expect("then")

    def read_case(self) -> Node:
        """`case`: a word, then pairs of patterns and a body."""
        self.next()
        parts: list[Any] = [self.next()]
        self.expect("in")
        while True:
            self.skip("\n")
            if self.peek() == "esac":
                self.next()
                return Node("case", parts)
            self.skip("(")
            patterns = [self.next()]
            while self.peek() == ("|",):
                self.next()
                patterns.append(self.next())
            self.expect(")")
            parts.append((patterns, self.list_of()))
            self.skip(";;", "\n")


def parse_shell(text: str) -> Node:
    try:
        return Parser(text).script()
    except (IndexError, ValueError) as error:
        raise CannotParse(text) from error
