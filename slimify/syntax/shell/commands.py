"""Combines tokens and syntax tree into statements: and-or lists of units of `Command`s.

tree-sitter-bash provides the structure of commands. It silently misreads some valid text: a
redirection swallows the surrounding list or words (`a && b > f`, `echo >&2 text`), a word with
several `$` is split (`x-$A-$B`), words are lost (`python - <<E`), here-documents end at the wrong
line. So words, redirections and here-documents come from the lexer, and exactly one node of the
tree must claim each token. Otherwise the script is reported as unreadable.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from sys import maxsize
from typing import TYPE_CHECKING

from msgspec import Struct

from slimify.model.regex import regex
from slimify.model.shell import Block, Command, Redirect, Word
from slimify.syntax.shell.blocks import COMPOUNDS, block_of, in_clause, label
from slimify.syntax.shell.lexer import LexedScript, Token, UnreadableShell
from slimify.syntax.shell.parser import ASSIGNMENT, mask_heredocs, mask_non_expansions, mask_words, parse_tree

if TYPE_CHECKING:
    from tree_sitter import Node

_ASSIGNMENTS = frozenset({"variable_assignment", "variable_assignments"})
_SIMPLE = _ASSIGNMENTS | {"command", "declaration_command", "unset_command", "test_command"}
_JOINERS = frozenset({"list", "pipeline", "negated_command", "redirected_statement"})
_STATEMENTS = _SIMPLE | _JOINERS | COMPOUNDS
_SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
_GAP = regex(r"(?:[ \t]|\\\n)*")
_RESERVED = frozenset({"then", "else", "elif", "fi", "do", "done", "esac", "}"})
_SEPARATORS = frozenset({";", ";;", ";&", ";;&", "&", "\n"})


class Unit(Struct, frozen=True):
    """A command, pipeline or compound command between two of `&&`, `||`, `;`, `&` or newline.

    `kinds` lists its constructs (`"pipeline"`, `"!"`, `"if"`, …), outermost first. `operator`
    precedes it.
    """

    commands: tuple[Command, ...]
    kinds: tuple[str, ...]
    operator: str
    start: int
    end: int


class Statement(Struct, frozen=True):
    """An and-or list. `background` is true if a `&` follows it."""

    units: tuple[Unit, ...]
    background: bool


def statements(lexed: LexedScript) -> tuple[Statement, ...]:
    """The statements of a script. Raises `UnreadableShell`.

    If the grammar rejects the text, a second attempt masks quoted and expanded words, where most
    of its weaknesses are. The lexer has read these words already.
    """
    source = mask_heredocs(lexed)
    try:
        return _read(lexed, source)
    except UnreadableShell:
        hidden = mask_words(lexed, source)
        if hidden == source:
            raise
        return _read(lexed, hidden)


def _read(lexed: LexedScript, source: str) -> tuple[Statement, ...]:
    walk = _Walk(lexed)
    nodes = parse_tree(source).children
    if any(node.type in (";;", ";&", ";;&") for node in nodes):
        raise UnreadableShell("syntax")
    try:
        result = tuple(walk.sequence(nodes, ()))
    except RecursionError:
        raise UnreadableShell("depth") from None
    walk.check_claims()
    return result


class _Part(Struct, frozen=True):
    """A simple or compound command; [node.end, end) contains its redirections and detached words."""

    node: Node
    end: int
    redirects: tuple[Node, ...]


def _linear(root: Node) -> Iterator[_Part | Node]:
    """Commands and the operators between them (`&&`, `||`, `|`, `!`), from left to right.

    The tree's nesting is unreliable: it sometimes puts a list into a pipeline or attaches a
    redirection to a whole list. Callers restore precedence from the flat order.
    """
    todo: list[_Part] = [_Part(root, root.end_byte, ())]
    while todo:
        part = todo.pop()
        node = part.node
        if node.type == "redirected_statement" and (body := node.child_by_field_name("body")):
            redirects = tuple(c for c in node.children if c.id != body.id)
            todo.append(_Part(body, part.end, redirects + part.redirects))
        elif node.type in _JOINERS and node.type != "redirected_statement":
            children = [c for c in node.children if c.type != "comment"]
            last = children.pop()
            todo.append(_Part(last, max(part.end, last.end_byte), part.redirects))
            todo.extend(_Part(c, c.end_byte, ()) for c in reversed(children))
        elif node.is_named:
            yield part
        else:
            yield node


class _Walk:
    """Walks the tree once and claims tokens."""

    def __init__(self, lexed: LexedScript) -> None:
        self.lexed = lexed
        self.starts = sorted(lexed.tokens)
        self.claimed: set[int] = set()
        self.expansions: Node | None = None  # the tree of expansions in here-documents

    def check_claims(self) -> None:
        """Raise `UnreadableShell` unless every token except comments is claimed."""
        for start in self.starts:
            if start not in self.claimed and self.lexed.tokens[start].kind != "comment":
                raise UnreadableShell("gap")

    def claim(self, start: int, end: int) -> list[Token]:
        """Claim and return the outermost tokens that start in [start, end)."""
        found: list[Token] = []
        at = start
        index = bisect_left(self.starts, start)
        while index < len(self.starts) and self.starts[index] < end:
            token = self.lexed.tokens[self.starts[index]]
            index += 1
            if token.start < at or token.kind == "comment":
                continue
            if token.start in self.claimed or token.end > end:
                raise UnreadableShell("gap")
            self.claimed.add(token.start)
            found.append(token)
            at = token.end
        return found

    def sequence(self, nodes: list[Node], blocks: tuple[Block, ...]) -> Iterator[Statement]:
        """The statements between separators. Raises `UnreadableShell` for any other node."""
        units: tuple[Unit, ...] | None = None
        operator = ""
        for node in nodes:
            if node.type in _STATEMENTS:
                if units is not None:
                    yield Statement(units, False)
                units = tuple(self.units(node, operator, blocks))
                operator = ";"
            elif node.type in _SEPARATORS:
                self.claim(node.start_byte, node.end_byte)
                if units is not None and node.type == "&":
                    yield Statement(units, True)
                    units, operator = None, "&"
            elif node.type != "comment":
                raise UnreadableShell("syntax")
        if units is not None:
            yield Statement(units, False)

    def units(self, node: Node, operator: str, blocks: tuple[Block, ...]) -> Iterator[Unit]:
        """The units of an and-or list."""
        parts: list[_Part] = []
        bang: int | None = None  # offset of a `!`
        for item in _linear(node):
            if isinstance(item, _Part):
                parts.append(item)
                continue
            self.claim(item.start_byte, item.end_byte)
            if item.type in ("&&", "||"):
                yield self.unit(parts, operator, bang, blocks)
                parts, bang, operator = [], None, item.type
            elif item.type == "!":
                bang = item.start_byte
        yield self.unit(parts, operator, bang, blocks)

    def unit(self, parts: list[_Part], operator: str, bang: int | None, blocks: tuple[Block, ...]) -> Unit:
        """The unit made of the parts of a pipeline."""
        if not parts:
            raise UnreadableShell("syntax")
        bang = self.bang(parts[0].node.start_byte) if bang is None else bang
        kinds = [] if bang is None else ["!"]
        if len(parts) > 1:
            kinds.append("pipeline")
        commands: list[Command] = []
        joiner = operator
        for part in parts:
            kind = label(part.node)
            if kind:
                kinds.append(kind)
                block = block_of(part.node, kind, joiner, self.lexed)
                commands.extend(self.redirected_compound(part, blocks, block))
            else:
                negated = bang is not None and part is parts[0]
                commands.extend(self.redirected_simple(part, joiner, negated, blocks))
            joiner = "|"
        start = parts[0].node.start_byte if bang is None else bang
        return Unit(tuple(commands), tuple(kinds), operator, start, parts[-1].end)

    def bang(self, start: int) -> int | None:
        """Claim a `!` before `start` that was masked from the grammar; its offset or None."""
        index = bisect_left(self.starts, start) - 1
        token = self.lexed.tokens[self.starts[index]] if index >= 0 else None
        if token is None or token.start in self.claimed or token.kind != "word":
            return None
        if self.lexed.plain[token.start : token.end] != "!":
            return None
        self.claimed.add(token.start)
        return token.start

    def redirected_simple(
        self, part: _Part, operator: str, negated: bool, blocks: tuple[Block, ...]
    ) -> Iterator[Command]:
        """A simple command, followed by those in its substitutions."""
        if part.node.type not in _SIMPLE | {"redirected_statement", "compound_statement"}:
            raise UnreadableShell("syntax")
        command = self.simple(part.node, part.end, operator, negated, blocks)
        yield command
        for node in (part.node, *part.redirects):
            yield from self.substitutions(node, blocks)
        yield from self.here_documents(command.redirects, blocks)

    def redirected_compound(self, part: _Part, blocks: tuple[Block, ...], block: Block) -> Iterator[Command]:
        """The commands in a compound command. Its redirections become a command without words."""
        yield from self.compound(part.node, blocks, block)
        tokens = self.claim(part.node.end_byte, part.end)
        if tokens:
            words, redirects = self.split(tokens)
            if words:
                raise UnreadableShell("gap")
            start, end = tokens[0].start, tokens[-1].end
            inside = (*blocks, block)
            yield Command(words=(), redirects=redirects, blocks=inside, start=start, end=end)
            for node in part.redirects:
                yield from self.substitutions(node, blocks)
            yield from self.here_documents(redirects, blocks)

    def compound(self, node: Node, outer: tuple[Block, ...], block: Block) -> Iterator[Command]:
        """The commands in a compound command or one of its clauses."""
        run: list[Node] = []
        blocks = (*outer, in_clause(block, node))
        children = node.children[1:-1] if node.type in _SUBSTITUTIONS else node.children
        for child in children:
            is_statement = child.type in _STATEMENTS and node.type != "c_style_for_statement"
            if is_statement or (child.type in _SEPARATORS and run):
                run.append(child)
            elif child.type in ("elif_clause", "else_clause", "do_group", "case_item"):
                yield from self.flat(run, blocks)
                run = []
                yield from self.compound(child, outer, blocks[-1])
            elif child.type == "file_redirect" and node.type in _SUBSTITUTIONS:  # $(<file)
                yield self.simple(child, child.end_byte, "", False, blocks)
                yield from self.substitutions(child, blocks)
            elif child.type != "comment":
                yield from self.flat(run, blocks)
                run, blocks = [], (*outer, in_clause(blocks[-1], child))
                # the header of an arithmetic `for` is one token
                header = node.type == "c_style_for_statement" and child.type == "(("
                end = next(c.end_byte for c in children if c.type == "))") if header else child.end_byte
                self.claim(child.start_byte, end)
                yield from self.substitutions(child, blocks)
        yield from self.flat(run, blocks)

    def flat(self, nodes: list[Node], blocks: tuple[Block, ...]) -> Iterator[Command]:
        for statement in self.sequence(nodes, blocks):
            for unit in statement.units:
                yield from unit.commands

    def substitutions(
        self, node: Node, blocks: tuple[Block, ...], start: int = 0, end: int = maxsize
    ) -> Iterator[Command]:
        """The commands in each `$(…)`, `` `…` `` and `<(…)` under a node that starts in [start, end)."""
        if node.end_byte <= start or node.start_byte >= end:
            return
        if node.type in _SUBSTITUTIONS:
            block = Block(kind="$(", start=node.start_byte, end=node.end_byte)
            yield from self.compound(node, blocks, block)
            return
        if node.type == "array":
            self.claim(node.start_byte + 1, node.end_byte - 1)
        for child in node.children:
            yield from self.substitutions(child, blocks, start, end)

    def here_documents(self, redirects: tuple[Redirect, ...], blocks: tuple[Block, ...]) -> Iterator[Command]:
        """The commands in substitutions of unquoted here-documents."""
        for redirect in redirects:
            body = self.lexed.bodies.get(redirect.target.start)
            if body and body.expansions:
                yield from self.substitutions(self.expanded(), blocks, body.start, body.end)

    def expanded(self) -> Node:
        """The tree of all expansions in here-documents, and of nothing else."""
        if self.expansions is None:
            self.expansions = parse_tree(mask_non_expansions(self.lexed))
        return self.expansions

    def simple(
        self, node: Node, end: int, operator: str, negated: bool, blocks: tuple[Block, ...]
    ) -> Command:
        """The simple command made of the tokens between the node's start and `end`."""
        tokens = self.claim(node.start_byte, end)
        if not tokens or tokens[0].start != node.start_byte:
            raise UnreadableShell("gap")
        words, redirects = self.split(tokens)
        assigns: list[tuple[str, Word]] = []
        while (words and node.type in ("command", "redirected_statement")) or (
            words and node.type.startswith("variable_assignment")
        ):
            assign = self.assignment(words[0])
            if assign is None:
                break
            assigns.append(assign)
            words = words[1:]
        if words and not assigns and words[0].text in _RESERVED:
            raise UnreadableShell("syntax")
        return Command(
            words=words,
            assigns=tuple(assigns),
            redirects=redirects,
            operator=operator,
            negated=negated,
            blocks=blocks,
            start=tokens[0].start,
            end=tokens[-1].end,
        )

    def split(self, tokens: list[Token]) -> tuple[tuple[Word, ...], tuple[Redirect, ...]]:
        """The words and redirections among tokens. Between `[[` and `]]` everything is a word."""
        words: list[Word] = []
        redirects: list[Redirect] = []
        todo = iter(tokens)
        behind = tokens[0].start
        for token in todo:
            word = self.word(token)
            in_test = bool(words) and words[0].text == "[[" and words[-1].text != "]]"
            if not in_test and not _GAP.fullmatch(self.lexed.plain, behind, token.start):
                raise UnreadableShell("gap")
            behind = token.end
            if token.kind == "word" or in_test:
                words.append(word)
            elif token.kind == "redirect":
                target = next(todo, None)
                if target is None or target.kind != "word":
                    raise UnreadableShell("gap")
                if not _GAP.fullmatch(self.lexed.plain, token.end, target.start):
                    raise UnreadableShell("gap")  # no file on this line: the next line is another command
                behind = target.end
                word = self.word(target)
                if target.start in self.lexed.bodies:
                    value = self.lexed.bodies[target.start].value
                    word = Word(text=word.text, value=value, start=word.start, end=word.end)
                redirects.append(Redirect(op=token.op, fd=token.fd, target=word))
            else:
                raise UnreadableShell("gap")
        return tuple(words), tuple(redirects)

    def word(self, token: Token) -> Word:
        text = self.lexed.text[token.start : token.end]
        value = token.value if token.kind == "word" else text
        return Word(text=text, value=value, start=token.start, end=token.end)

    def assignment(self, word: Word) -> tuple[str, Word] | None:
        """Name and value of `NAME=value`, `NAME+=value` or `NAME[i]=value`; None for another word."""
        found = ASSIGNMENT.match(self.lexed.plain[word.start : word.end])
        if not found:
            return None
        value = word.value
        if value is not None:
            value = None if found[2] or found[3] else value[found.end() :]
        start = word.start + found.end()
        return found[1], Word(text=word.text[found.end() :], value=value, start=start, end=word.end)
