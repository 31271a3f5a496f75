"""What shfmt, an independent reader of shell text, says about a script, in a comparable form."""

from __future__ import annotations

import json
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from slimify.model.shell import Script


class Flat(NamedTuple):
    """A command: where it stands, what joins it to the one before, its words as written."""

    start: int
    context: tuple[str, ...]
    operator: str
    negated: bool
    words: tuple[str, ...]
    assigns: tuple[str, ...]
    redirects: tuple[str, ...]


_LABELS = {
    "Block": "{",
    "Subshell": "(",
    "IfClause": "if",
    "WhileClause": "while",
    "ForClause": "for",
    "CaseClause": "case",
    "FuncDecl": "function",
}


def shfmt(text: str) -> list[Flat] | None:
    """The commands of the text by their place; None if shfmt does not accept it."""
    file = _parsed(text)
    if file is None:
        return None
    flattener = _Flattener(text.encode("utf-8", "surrogateescape"))
    return sorted(flattener.statements(file.get("Stmts", []), ()))


@cache
def _parsed(text: str) -> dict[str, Any] | None:
    done = subprocess.run(
        [Path(sysconfig.get_path("scripts"), "shfmt"), "--language-dialect=bash", "--to-json"],
        input=text.encode("utf-8", "surrogateescape"),
        capture_output=True,
    )
    return None if done.returncode else json.loads(done.stdout)


def ours(script: Script) -> list[Flat]:
    """The same of a Script."""
    return sorted(
        Flat(
            command.start,
            command.context,
            command.operator,
            command.negated,
            ("[[",) if command.name == "[[" else tuple(word.text for word in command.words),
            tuple(f"{name}={word.text}" for name, word in command.assigns),
            tuple(f"{'' if r.fd is None else r.fd}{r.op}{r.target.text}" for r in command.redirects),
        )
        for command in script.commands
    )


class _Flattener:
    def __init__(self, data: bytes) -> None:
        self.data = data
        # shfmt counts bytes, slimify characters
        self.chars = [0] * (len(data) + 1)
        count = 0
        for at, byte in enumerate(data):
            self.chars[at] = count
            count += byte & 0xC0 != 0x80
        self.chars[len(data)] = count

    def text(self, node: dict[str, Any]) -> str:
        # an escaped newline at the end of a word joins it to nothing
        return re.sub(r"(\\\n)+$", "", self.slice(node["Pos"]["Offset"], node["End"]["Offset"]))

    def slice(self, start: int, end: int) -> str:
        return self.data[start:end].decode("utf-8", "surrogateescape")

    def statements(self, nodes: list[dict[str, Any]], context: tuple[str, ...]) -> Iterator[Flat]:
        operator = ""
        for node in nodes:
            yield from self.statement(node, operator, context)
            operator = "&" if node.get("Background") else ";"

    def statement(
        self, node: dict[str, Any], operator: str, context: tuple[str, ...], negated: bool = False
    ) -> Iterator[Flat]:
        command = node.get("Cmd")
        kind = command["Type"] if command else "CallExpr"
        negated = negated or node.get("Negated", False)
        redirects = [self.redirect(r) for r in node.get("Redirs", [])]
        begin = node["Position"]["Offset"]
        if negated and self.data[begin : begin + 1] == b"!":
            begin += len(self.data[begin + 1 :]) - len(self.data[begin + 1 :].lstrip(b" \t\n\\")) + 1
        start = self.chars[begin]
        if kind == "BinaryCmd":
            op = command["Op"]
            yield from self.statement(command["X"], operator, context, negated)
            yield from self.statement(command["Y"], "|" if op == "|&" else op, context)
        elif kind in _LABELS:
            inside = (*context, _LABELS[kind])
            yield from self.compound(command, inside)
            if redirects:
                at = self.chars[node["Redirs"][0]["Pos"]["Offset"]]
                yield Flat(at, inside, "", False, (), (), tuple(redirects))
        elif kind == "TimeClause":
            yield from self.time(command, start, operator, context, negated)
            return
        else:
            yield self.simple(command, kind, start, operator, context, negated, redirects)
        for part in [
            command if kind not in _LABELS and kind != "BinaryCmd" else None,
            *node.get("Redirs", []),
        ]:
            yield from self.substitutions(part, context)

    def time(
        self, command: dict[str, Any], start: int, operator: str, context: tuple[str, ...], negated: bool
    ) -> Iterator[Flat]:
        """`time` is a word like others for a POSIX shell."""
        flags = ("-p",) if command.get("PosixFormat") else ()
        inner = (
            list(self.statement(command["Stmt"], operator, context, negated)) if command.get("Stmt") else []
        )
        if not inner:
            yield Flat(start, context, operator, negated, ("time", *flags), (), ())
            return
        first = min(inner)
        inner.remove(first)
        yield first._replace(start=start, words=("time", *flags, *first.assigns, *first.words), assigns=())
        yield from inner

    def simple(
        self,
        command: dict[str, Any] | None,
        kind: str,
        start: int,
        operator: str,
        context: tuple[str, ...],
        negated: bool,
        redirects: list[str],
    ) -> Flat:
        words: list[str] = []
        assigns: list[str] = []
        if command is not None and kind == "CallExpr":
            words = [self.text(word) for word in command.get("Args", [])]
            for assign in command.get("Assigns", []):
                value = assign.get("Value") or assign.get("Array")
                assigns.append(f"{assign['Name']['Value']}={self.text(value) if value else ''}")
        elif command is not None and kind == "DeclClause":
            words = [command["Variant"]["Value"], *(self.text(word) for word in command.get("Args", []))]
        elif command is not None and kind == "TestClause":
            words = ["[["]
        elif command is not None and kind == "LetClause":
            words = ["let", *(self.text(word) for word in command.get("Exprs", []))]
        elif command is not None:
            words = [self.text(command)]
        return Flat(start, context, operator, negated, tuple(words), tuple(assigns), tuple(redirects))

    def redirect(self, node: dict[str, Any]) -> str:
        fd = node["N"]["Value"] if node.get("N") and node["N"]["Value"].isdigit() else ""
        return f"{fd}{node['Op']}{self.text(node['Word'])}"

    def compound(self, command: dict[str, Any], context: tuple[str, ...]) -> Iterator[Flat]:
        for key, value in command.items():
            if key in ("Stmts", "Cond", "Then", "Do"):
                yield from self.statements(value, context)
            elif key == "Items":
                for item in value:
                    yield from self.statements(item.get("Stmts", []), context)
                    yield from self.substitutions(item.get("Patterns"), context)
            elif key == "Else":
                yield from self.compound(value, context)
            elif key == "Body":
                yield from self.statement(value, "", context)
            else:
                yield from self.substitutions(value, context)

    def substitutions(self, node: Any, context: tuple[str, ...]) -> Iterator[Flat]:
        if isinstance(node, list):
            for item in node:
                yield from self.substitutions(item, context)
        elif isinstance(node, dict):
            if node.get("Type") in ("CmdSubst", "ProcSubst"):
                yield from self.statements(node.get("Stmts", []), (*context, "$("))
            else:
                for value in node.values():
                    yield from self.substitutions(value, context)


def cuts(text: str) -> list[tuple[str, int]] | None:
    """The operator and the place of every atom, from shfmt's tree; None if it does not parse."""
    file = _parsed(text)
    if file is None:
        return None
    chars = _Flattener(text.encode("utf-8", "surrogateescape")).chars
    found: list[tuple[str, int]] = []
    for number, statement in enumerate(file.get("Stmts", [])):
        operators, starts = _chain(statement)
        last_or = max((i for i, op in enumerate(operators) if op == "||"), default=0)
        found.append((";" if number else "", chars[starts[0]]))
        found += [("&&", chars[at]) for at in starts[last_or + 1 :]]
    return found


def _chain(statement: dict[str, Any]) -> tuple[list[str], list[int]]:
    """The operators (the first one empty) and places of the parts of an and-or list."""
    command = statement.get("Cmd") or {}
    if command.get("Type") != "BinaryCmd" or command["Op"] not in ("&&", "||"):
        return [""], [statement["Position"]["Offset"]]
    left, left_starts = _chain(command["X"])
    right, right_starts = _chain(command["Y"])
    return [*left, command["Op"], *right[1:]], [*left_starts, *right_starts]
