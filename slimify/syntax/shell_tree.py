"""Tokens and tree into flat commands. In: `Lexed`; out: statements of units of `Command`s.

tree-sitter-bash says how commands hang together. It is known to misread some valid text without
saying so: a redirection swallows the list or the words around it (`a && b > f`,
`echo >&2 text`), a word with several `$` falls apart (`x-$A-$B`), words vanish
(`python - <<E`), here-documents end at the wrong line. So words, redirections and
here-documents come from the tokens, and every token has to be claimed by exactly one place of
the tree: whatever is left over makes the text unread.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from slimify.model import Command, Redirect, Word
from slimify.syntax.shell_lexer import Lexed, Token, Unread

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_SIMPLE = frozenset(
    [
        "command",
        "declaration_command",
        "unset_command",
        "test_command",
        "variable_assignment",
        "variable_assignments",
    ]
)
_LABELS = {
    "if_statement": "if",
    "while_statement": "while",
    "for_statement": "for",
    "c_style_for_statement": "for",
    "case_statement": "case",
    "function_definition": "function",
    "subshell": "(",
    "compound_statement": "{",
}
_JOINERS = frozenset({"list", "pipeline", "negated_command", "redirected_statement"})
_STATEMENTS = _SIMPLE | _JOINERS | _LABELS.keys()
_SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
_SEPARATORS = frozenset({";", ";;", ";&", ";;&", "&", "\n"})


@dataclass(frozen=True, slots=True)
class Unit:
    """What stands between two of `&&`, `||`, `;`, newline, `&`: a command, pipeline or compound.

    `kinds` are the constructs it consists of (`"pipeline"`, `"!"`, `"if"`, …), the outermost
    first; `operator` stands in front of it.
    """

    commands: tuple[Command, ...]
    kinds: tuple[str, ...]
    operator: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """An and-or list. `background` if a `&` follows it."""

    units: tuple[Unit, ...]
    background: bool


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def statements(lexed: Lexed) -> tuple[Statement, ...]:
    """The statements of the text; raises `Unread`."""
    root = _parser().parse(_without_bodies(lexed).encode("ascii")).root_node
    if root.has_error:
        raise Unread("syntax")
    walk = _Walk(lexed)
    try:
        result = tuple(walk.sequence(root.children, ()))
    except RecursionError:
        raise Unread("depth") from None
    walk.check_claims()
    return result


def _without_bodies(lexed: Lexed) -> str:
    """The text with `<<X` turned into `< X` and the bodies blank, offsets unchanged."""
    if not lexed.bodies:
        return lexed.plain
    chars = list(lexed.plain)
    for token in lexed.tokens.values():
        if token.op in ("<<", "<<-"):
            first = token.end - len(token.op)
            chars[first : token.end] = "<" + " " * (len(token.op) - 1)
    for body in lexed.bodies.values():
        for at in range(body.start, body.end):
            if chars[at] != "\n":
                chars[at] = " "
    return "".join(chars)


class _Walk:
    """Goes through the tree once, claiming tokens."""

    def __init__(self, lexed: Lexed) -> None:
        self.lexed = lexed
        self.starts = sorted(lexed.tokens)
        self.claimed: set[int] = set()
        self.expansions: Node | None = None  # a tree of what here-documents expand

    def check_claims(self) -> None:
        """Every token but a comment belongs somewhere."""
        for start in self.starts:
            if start not in self.claimed and self.lexed.tokens[start].kind != "comment":
                raise Unread("gap")

    def claim(self, start: int, end: int) -> list[Token]:
        """The outermost tokens that begin in [start, end)."""
        found: list[Token] = []
        at = start
        index = bisect_left(self.starts, start)
        while index < len(self.starts) and self.starts[index] < end:
            token = self.lexed.tokens[self.starts[index]]
            index += 1
            if token.start < at or token.kind == "comment":
                continue
            if token.start in self.claimed or token.end > end:
                raise Unread("gap")
            self.claimed.add(token.start)
            found.append(token)
            at = token.end
        return found

    def sequence(self, nodes: list[Node], context: tuple[str, ...]) -> Iterator[Statement]:
        """Statements between separators; anything that is neither is only claimed."""
        units: tuple[Unit, ...] | None = None
        operator = ""
        for node in nodes:
            if node.type in _STATEMENTS:
                if units is not None:
                    yield Statement(units, False)
                units = tuple(self.units(node, node.end_byte, operator, context))
                operator = ";"
            elif node.type in _SEPARATORS:
                self.claim(node.start_byte, node.end_byte)
                if units is not None and node.type == "&":
                    yield Statement(units, True)
                    units, operator = None, "&"
            elif node.type != "comment":
                raise Unread("syntax")
        if units is not None:
            yield Statement(units, False)

    def units(self, node: Node, end: int, operator: str, context: tuple[str, ...]) -> Iterator[Unit]:
        """The units of an and-or list, from left to right, however deep it nests."""
        todo: list[tuple[Node, int, str]] = [(node, end, operator)]
        while todo:
            node, end, operator = todo.pop()
            body = node.child_by_field_name("body") if node.type == "redirected_statement" else None
            if node.type == "list":
                left, joiner, right = (c for c in node.children if c.type != "comment")
                self.claim(joiner.start_byte, joiner.end_byte)
                todo.append((right, max(end, right.end_byte), joiner.type))
                todo.append((left, left.end_byte, operator))
            elif body is not None and body.type in ("list", "redirected_statement"):
                todo.append((body, end, operator))
            else:
                kinds: list[str] = []
                commands = tuple(self.unit(node, end, operator, context, kinds))
                yield Unit(commands, tuple(kinds), operator, node.start_byte, end)

    def unit(
        self, node: Node, end: int, operator: str, context: tuple[str, ...], kinds: list[str]
    ) -> Iterator[Command]:
        """The commands of one unit; [node.end, end) holds redirections and stray words."""
        body = node
        negated = False
        while True:
            if body.type == "redirected_statement":
                inner = body.child_by_field_name("body")
                if inner is None:
                    break
                body = inner
            elif body.type == "negated_command":
                mark, inner = body.children
                self.claim(mark.start_byte, mark.end_byte)
                kinds.append("!")
                body, negated = inner, not negated
            else:
                break
        if body.type == "pipeline":
            kinds.append("pipeline")
            parts = [c for c in body.children if c.type in _STATEMENTS]
            for child in body.children:
                if child.type in ("|", "|&"):
                    self.claim(child.start_byte, child.end_byte)
            for part in parts:
                part_end = max(end, part.end_byte) if part is parts[-1] else part.end_byte
                yield from self.unit(part, part_end, operator, context, kinds)
                operator = "|"
        elif body.type in _LABELS and not (
            body.type == "compound_statement" and body.children[0].type == "(("
        ):
            label = _LABELS[body.type]
            kinds.append(label)
            for command in self.compound(body, (*context, label)):
                yield command
            tokens = self.claim(body.end_byte, end)
            if tokens:
                words, redirects = self.split(tokens)
                if words:
                    raise Unread("gap")
                start, stop = tokens[0].start, tokens[-1].end
                inside = (*context, label)
                yield Command(words=(), redirects=redirects, context=inside, start=start, end=stop)
                yield from self.here_documents(redirects, inside)
            yield from self.substitutions(node, context, body.end_byte, end)
        elif body.type in _SIMPLE or body.type in ("redirected_statement", "compound_statement"):
            command = self.simple(body, end, operator, negated, context)
            yield command
            yield from self.substitutions(node, context, body.start_byte, end)
            yield from self.here_documents(command.redirects, context)
        else:
            raise Unread("syntax")

    def compound(self, node: Node, context: tuple[str, ...]) -> Iterator[Command]:
        """The commands inside a compound command or one of its clauses."""
        run: list[Node] = []
        children = node.children[1:-1] if node.type in _SUBSTITUTIONS else node.children
        for child in children:
            if (child.type in _STATEMENTS and node.type != "c_style_for_statement") or (
                child.type in _SEPARATORS and run
            ):
                run.append(child)
            elif child.type in ("elif_clause", "else_clause", "do_group", "case_item"):
                yield from self.flat(run, context)
                run = []
                yield from self.compound(child, context)
            elif child.type == "compound_statement":
                yield from self.flat([child], context)
            elif child.type != "comment":
                yield from self.flat(run, context)
                run = []
                # the header of an arithmetic `for` is one token
                header = node.type == "c_style_for_statement" and child.type == "(("
                end = next(c.end_byte for c in children if c.type == "))") if header else child.end_byte
                self.claim(child.start_byte, end)
                yield from self.substitutions(child, context, child.start_byte, child.end_byte)
        yield from self.flat(run, context)

    def flat(self, nodes: list[Node], context: tuple[str, ...]) -> Iterator[Command]:
        for statement in self.sequence(nodes, context):
            for unit in statement.units:
                yield from unit.commands

    def substitutions(self, node: Node, context: tuple[str, ...], start: int, end: int) -> Iterator[Command]:
        """The commands of the `$(…)`, `` `…` `` and `<(…)` below a node that begin in [start, end)."""
        if node.end_byte <= start or node.start_byte >= end:
            return
        if node.type in _SUBSTITUTIONS:
            yield from self.compound(node, (*context, "$("))
            return
        if node.type == "array":
            self.claim(node.start_byte + 1, node.end_byte - 1)
        for child in node.children:
            yield from self.substitutions(child, context, start, end)

    def here_documents(self, redirects: tuple[Redirect, ...], context: tuple[str, ...]) -> Iterator[Command]:
        """The commands of the substitutions in unquoted here-documents."""
        for redirect in redirects:
            body = self.lexed.bodies.get(redirect.target.start)
            if body and body.expansions:
                yield from self.substitutions(self.expanded(), context, body.start, body.end)

    def expanded(self) -> Node:
        """A tree of everything that here-documents expand, and of nothing else."""
        if self.expansions is None:
            chars = [char if char == "\n" else " " for char in self.lexed.plain]
            for body in self.lexed.bodies.values():
                for start, end in body.expansions:
                    chars[start:end] = self.lexed.plain[start:end]
            self.expansions = _parser().parse("".join(chars).encode("ascii")).root_node
            if self.expansions.has_error:
                raise Unread("heredoc")
        return self.expansions

    def simple(self, node: Node, end: int, operator: str, negated: bool, context: tuple[str, ...]) -> Command:
        """One simple command from the tokens of its stretch."""
        tokens = self.claim(node.start_byte, end)
        if not tokens or tokens[0].start != node.start_byte:
            raise Unread("gap")
        plain_words = node.type == "test_command"
        words, redirects = self.split(tokens, operators=plain_words)
        assigns: list[tuple[str, Word]] = []
        while (words and node.type in ("command", "redirected_statement")) or (
            words and node.type.startswith("variable_assignment")
        ):
            assign = self.assignment(words[0])
            if assign is None:
                break
            assigns.append(assign)
            words = words[1:]
        return Command(
            words=words,
            assigns=tuple(assigns),
            redirects=redirects,
            operator=operator,
            negated=negated,
            context=context,
            start=tokens[0].start,
            end=tokens[-1].end,
        )

    def split(
        self, tokens: list[Token], operators: bool = False
    ) -> tuple[tuple[Word, ...], tuple[Redirect, ...]]:
        """Words and redirections. `operators`: everything is a word, as inside `[[ ]]`."""
        words: list[Word] = []
        redirects: list[Redirect] = []
        todo = iter(tokens)
        for token in todo:
            if operators or token.kind == "word":
                words.append(self.word(token))
            elif token.kind == "redirect":
                target = next(todo, None)
                if target is None or target.kind != "word":
                    raise Unread("gap")
                word = self.word(target)
                if target.start in self.lexed.bodies:
                    value = self.lexed.bodies[target.start].value
                    word = Word(text=word.text, value=value, start=word.start, end=word.end)
                redirects.append(Redirect(op=token.op, fd=token.fd, target=word))
            else:
                raise Unread("gap")
        return tuple(words), tuple(redirects)

    def word(self, token: Token) -> Word:
        text = self.lexed.text[token.start : token.end]
        value = token.value if token.kind == "word" else text
        return Word(text=text, value=value, start=token.start, end=token.end)

    def assignment(self, word: Word) -> tuple[str, Word] | None:
        """`NAME=value`, `NAME+=value`, `NAME[i]=value` taken apart."""
        from re import match

        found = match(r"([A-Za-z_]\w*)(\[[^]]*\])?(\+)?=", self.lexed.plain[word.start : word.end])
        if not found:
            return None
        value = word.value
        if value is not None:
            value = None if found[2] or found[3] else value[found.end() :]
        start = word.start + found.end()
        return found[1], Word(text=word.text[found.end() :], value=value, start=start, end=word.end)
