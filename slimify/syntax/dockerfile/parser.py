"""A Dockerfile, read without losing a byte and written back.

BuildKit's rules decide where an instruction begins and ends (lines.py, heredoc.py); keyword and
value come from dockerfile-parse (feed.py); what BuildKit would reject is rejected (checks.py).

In:  the bytes of a file. Out: Dockerfile, whose nodes joined are the file.
Raises SlimifyError, always with a line: SL001 malformed, SL002 unknown instruction, SL003 not a Dockerfile
at all, SL004 heredoc without end, SL005 bad JSON form, SL006 a template that has to be rendered first.
"""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct
from msgspec.structs import replace

from slimify.model.dockerfile import Dockerfile, Flag, Heredoc, Instruction, Node, Piece
from slimify.syntax.dockerfile import heredoc
from slimify.syntax.dockerfile.checks import check
from slimify.syntax.dockerfile.dockerfile_parse_adapter import read_back
from slimify.syntax.dockerfile.flags import NotStrings, json_array, split_flags, split_keyword
from slimify.syntax.dockerfile.instructions import health_words
from slimify.syntax.dockerfile.keywords import KEYWORDS, unknown_instruction
from slimify.syntax.dockerfile.lines import Logical, directive, is_blank, is_comment, logical_line, split
from slimify.syntax.dockerfile.syntax_error import fault
from slimify.syntax.dockerfile.words import SPACE, WordError

BOM = "\ufeff"
_JSON = frozenset({"ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"})
_HEREDOC = frozenset({"ADD", "COPY", "RUN"})


def parse(data: bytes, name: str = "Dockerfile") -> Dockerfile:
    """Read a Dockerfile; `name` is only for the message should slimify contradict itself.

    Bytes that are no UTF-8 survive as surrogate escapes. Raises SlimifyError where BuildKit would
    reject the file, for NUL bytes, which it would carry along, and for a broken JSON array, which it
    would take for shell text.
    """
    text = _decode(data)
    reader = _Reader(text)
    nodes = _fed(reader.nodes(), name)
    result = Dockerfile(
        text=text,
        nodes=tuple(nodes),
        escape=reader.escape,
        syntax=reader.syntax,
        newline="\r\n" if text.partition("\n")[0].endswith("\r") else "\n",
    )
    if "".join(node.raw for node in nodes) != text:
        raise AssertionError(f"{name}: the nodes do not add up to the file")
    check(result)
    return result


def serialise(dockerfile: Dockerfile) -> str:
    """The text of a file from its nodes."""
    return "".join(node.raw for node in dockerfile.nodes)


def encode(text: str) -> bytes:
    """Text back to the bytes it was read from."""
    return text.encode("utf-8", "surrogateescape")


def logical_to_raw(instruction: Instruction, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """The spans of `raw` that hold `value[start:end]`, in order; each lies on one physical line.

    An empty span gives one empty span: in front of the character at `start`, or behind the last.
    Raises ValueError for a span outside of the value.
    """
    if not 0 <= start <= end <= len(instruction.value):
        raise ValueError(f"no span of the value: {start}, {end}")
    pieces = instruction.pieces
    first = max(bisect_right(pieces, start, key=_logical) - 1, 0)
    if start == end:
        if not pieces:
            at = len(instruction.raw.rstrip("\r\n"))
        else:
            at = pieces[first].source + start - pieces[first].logical
        return ((at, at),)
    spans: list[tuple[int, int]] = []
    for index in range(first, len(pieces)):
        piece = pieces[index]
        if piece.logical >= end:
            break
        low = max(start - piece.logical, 0)
        high = min(end - piece.logical, piece.length)
        spans.append((piece.source + low, piece.source + high))
    return tuple(spans)


def _logical(piece: Piece) -> int:
    return piece.logical


def heredoc_spans(instruction: Instruction) -> tuple[tuple[int, int], ...]:
    """Where in `raw` the bodies of the heredocs stand, in order."""
    spans: list[tuple[int, int]] = []
    end = len(instruction.raw)
    for item in reversed(instruction.heredocs):
        end = instruction.raw.rfind("\n", 0, end - 1) + 1  # in front of the terminator
        spans.append((end - len(item.body), end))
        end -= len(item.body)
    return tuple(reversed(spans))


def _decode(data: bytes) -> str:
    if not data.strip():
        raise fault("SL003", "empty file", 1)
    if (nul := data.find(b"\0")) >= 0:
        line = data.count(b"\n", 0, nul) + 1
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise fault("SL003", "UTF-16 text, not a Dockerfile", line, "save it as UTF-8")
        raise fault("SL003", "a binary file, not a Dockerfile", line)
    return data.decode("utf-8", "surrogateescape")


class _Parts(Struct, frozen=True):
    """A logical line taken apart; `start` and `end` bound the value in it."""

    keyword: str
    flags: tuple[Flag, ...]
    start: int
    end: int
    exec_form: tuple[str, ...] | None = None
    trigger: _Parts | None = None


class _Reader:
    """One pass over the lines of one file."""

    def __init__(self, text: str) -> None:
        self.bom = text.startswith(BOM)
        self.lines = split(text.removeprefix(BOM))
        self.terminators = heredoc.Terminators(self.lines)
        self.escape = "\\"
        self.syntax: str | None = None
        self.directives: set[str] = set()

    def nodes(self) -> list[Node]:
        nodes: list[Node] = []
        if self.bom:
            nodes.append(Node(kind="bom", raw=BOM, line=1, end_line=1))
        index, in_head = 0, True
        while index < len(self.lines):
            line = self.lines[index]
            in_head = in_head and self._directive(line, index + 1)
            if in_head or is_comment(line) or is_blank(line):
                nodes.append(_trivia(line, index + 1, in_head))
                index += 1
            else:
                nodes.append(self._instruction(index, nodes))
                index = nodes[-1].end_line
        return nodes

    def _directive(self, line: str, number: int) -> bool:
        found = directive(line)
        if not found:
            return False
        key, value = found
        if key in self.directives:
            raise fault("SL001", f"only one {key} directive can be used", number)
        self.directives.add(key)
        if key == "escape":
            if value not in ("\\", "`"):
                raise fault("SL001", f"invalid escape character {value}", number, "it is either \\ or `")
            self.escape = value
        elif key == "syntax":
            self.syntax = value
        return True

    def _instruction(self, index: int, before: list[Node]) -> Instruction:
        logical = logical_line(self.lines, index, self.escape)
        number = index + 1
        parts = self._parts(logical.text, 0, number)
        if parts.keyword not in KEYWORDS:
            word = split_keyword(logical.text)[0]
            rest = logical.text.strip(SPACE).removeprefix(word).strip(SPACE)
            raise unknown_instruction(word, rest, number, self.lines[index], before)
        heredocs, end = self._heredocs(parts, logical, number)
        raw = "".join(self.lines[index:end])
        made = self._made(parts, logical, raw, number, end)
        return replace(made, heredocs=heredocs) if heredocs else made

    def _parts(self, text: str, offset: int, number: int, *, below: bool = False) -> _Parts:
        """Take `text[offset:]` apart; below ONBUILD once more, but not `below` that."""
        word, rest = split_keyword(text[offset:] if offset else text)
        keyword = KEYWORDS.get(word.lower(), word)
        flags, start = split_flags(text, offset + rest, self.escape)
        end = max(len(text.rstrip(SPACE)), start)
        while start < end and text[start] in SPACE:
            start += 1
        trigger = None
        exec_form = None
        try:
            if keyword in _JSON:
                exec_form = json_array(text[start:end])
            elif keyword == "HEALTHCHECK":
                exec_form = json_array(health_words(text[start:end])[1])
        except NotStrings:
            raise fault("SL005", f"{keyword}: the JSON array may only hold strings", number) from None
        if keyword == "ONBUILD" and start < end and not below:
            trigger = self._parts(text[:end], start, number, below=True)
        return _Parts(keyword, flags, start, end, exec_form, trigger)

    def _made(self, parts: _Parts, logical: Logical, raw: str, line: int, end_line: int) -> Instruction:
        trigger = None
        if parts.trigger:
            trigger = self._made(parts.trigger, logical, raw, line, end_line)
        return Instruction(
            kind="instruction",
            raw=raw,
            line=line,
            end_line=end_line,
            keyword=parts.keyword,
            flags=parts.flags,
            value=logical.text[parts.start : parts.end],
            exec_form=parts.exec_form,
            pieces=_clip(logical.pieces, parts.start, parts.end),
            trigger=trigger,
        )

    def _heredocs(self, parts: _Parts, logical: Logical, number: int) -> tuple[tuple[Heredoc, ...], int]:
        inner = parts.trigger or parts
        end = logical.end
        if inner.keyword not in _HEREDOC or inner.exec_form is not None or "<<" not in logical.text:
            return (), end
        found: list[Heredoc] = []
        try:
            openings = heredoc.openings(logical.text)
        except WordError as error:
            raise fault("SL001", f"bad heredoc name: {error}", number) from None
        for opening in openings:
            last = self.terminators.find(opening, end)
            if last is None:
                if opening.spaced and opening.name.endswith("))"):
                    continue  # `$((1 << 2))`: only frontends since 1.16 trip over it
                raise fault(
                    "SL004",
                    f'unterminated heredoc: no line "{opening.name}" follows',
                    number,
                    f"end it with a line that holds nothing but {opening.name}",
                )
            found.append(heredoc.read(opening, "".join(self.lines[end:last])))
            end = last + 1
        return tuple(found), end


def _fed(nodes: list[Node], name: str) -> list[Node]:
    """The same nodes with keyword and value as dockerfile-parse has them."""
    instructions = [node for node in nodes if isinstance(node, Instruction)]
    answers = iter(read_back([(node.line, node.keyword, node.value) for node in instructions]))
    out: list[Node] = []
    for node in nodes:
        if isinstance(node, Instruction):
            keyword, value = next(answers)
            if value != node.value:
                raise AssertionError(f"{name}:{node.line}: dockerfile-parse read another value")
            node = replace(node, keyword=keyword, value=value)
        out.append(node)
    return out


def _trivia(line: str, number: int, is_directive: bool) -> Node:
    if is_directive:
        return Node(kind="directive", raw=line, line=number, end_line=number)
    return Node(kind="blank" if is_blank(line) else "comment", raw=line, line=number, end_line=number)


def _clip(pieces: tuple[tuple[int, int, int], ...], start: int, end: int) -> tuple[Piece, ...]:
    """The pieces between two offsets of the logical line, counted from the first."""
    out: list[Piece] = []
    for logical, source, length in pieces:
        low, high = max(logical, start), min(logical + length, end)
        if low < high:
            out.append(Piece(logical=low - start, source=source + low - logical, length=high - low))
    return tuple(out)
