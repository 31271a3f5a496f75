"""Parses a Dockerfile into nodes that join to exactly the original text.

`lines` and `heredoc` find where instructions begin and end, `dockerfile_parse_adapter` splits
keyword and value, and `checks` rejects what BuildKit would reject.

Raises SlimifyError with a line: SL001 malformed instruction, SL002 unknown instruction, SL003 not a
Dockerfile, SL004 unterminated heredoc, SL005 malformed JSON form, SL401 unrendered template.
"""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct
from msgspec.structs import replace

from slimify.model.dockerfile import Dockerfile, Flag, Heredoc, Instruction, Node, Piece
from slimify.syntax.dockerfile import heredoc
from slimify.syntax.dockerfile.checks import check_instructions
from slimify.syntax.dockerfile.dockerfile_parse_adapter import parse_instructions
from slimify.syntax.dockerfile.flags import NonStringArray, json_array, split_flags, split_keyword
from slimify.syntax.dockerfile.instructions import split_healthcheck
from slimify.syntax.dockerfile.keywords import KEYWORDS, unknown_instruction
from slimify.syntax.dockerfile.lines import LogicalLine, directive, is_blank, is_comment, logical_line, split
from slimify.syntax.dockerfile.syntax_error import syntax_error
from slimify.syntax.dockerfile.words import SPACE, WordError

BOM = "\ufeff"
_JSON_KEYWORDS = frozenset({"ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"})
_HEREDOC_KEYWORDS = frozenset({"ADD", "COPY", "RUN"})


def parse(data: bytes, name: str = "Dockerfile") -> Dockerfile:
    """Parse the bytes of a Dockerfile. `name` appears only in internal errors.

    Bytes that are not UTF-8 become surrogate escapes. Raises SlimifyError where BuildKit would reject
    the file, and in three cases that BuildKit accepts: NUL bytes, unclosed JSON arrays, hundreds of stages.
    """
    text = _decode(data)
    reader = _Reader(text)
    nodes = _with_parsed_values(reader.nodes(), name)
    result = Dockerfile(
        text=text,
        nodes=tuple(nodes),
        escape=reader.escape,
        syntax=reader.syntax,
        newline="\r\n" if text.partition("\n")[0].endswith("\r") else "\n",
    )
    if "".join(node.raw for node in nodes) != text:
        raise AssertionError(f"{name}: the nodes do not join to the original text")
    check_instructions(result)
    return result


def encode(text: str) -> bytes:
    """The bytes that `parse` decoded to `text`."""
    return text.encode("utf-8", "surrogateescape")


def logical_to_raw(instruction: Instruction, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """The spans of `instruction.raw` that contain `value[start:end]`, one per physical line, in order.

    An empty span maps to one empty span: before the character at `start`, or after the last one.
    Raises ValueError if the span is outside the value.
    """
    if not 0 <= start <= end <= len(instruction.value):
        raise ValueError(f"span {start}:{end} is outside the value")
    pieces = instruction.pieces
    first = max(bisect_right(pieces, start, key=lambda piece: piece.logical) - 1, 0)
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


def heredoc_spans(instruction: Instruction) -> tuple[tuple[int, int], ...]:
    """The spans of the heredoc bodies in `instruction.raw`, in order."""
    spans: list[tuple[int, int]] = []
    end = len(instruction.raw)
    for item in reversed(instruction.heredocs):
        end = instruction.raw.rfind("\n", 0, end - 1) + 1  # before the terminator
        spans.append((end - len(item.body), end))
        end -= len(item.body)
    return tuple(reversed(spans))


def _decode(data: bytes) -> str:
    if not data.strip():
        raise syntax_error("SL003", "empty file", 1)
    if (nul := data.find(b"\0")) >= 0:
        line = data.count(b"\n", 0, nul) + 1
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise syntax_error("SL003", "UTF-16 text, not a Dockerfile", line, "save it as UTF-8")
        raise syntax_error("SL003", "a binary file, not a Dockerfile", line)
    return data.decode("utf-8", "surrogateescape")


class _Parts(Struct, frozen=True):
    """The parts of a logical line; the value is at `start:end`."""

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
            in_head = in_head and self._read_directive(line, index + 1)
            if in_head or is_comment(line) or is_blank(line):
                nodes.append(_other_node(line, index + 1, in_head))
                index += 1
            else:
                nodes.append(self._read_instruction(index, nodes))
                index = nodes[-1].end_line
        return nodes

    def _read_directive(self, line: str, number: int) -> bool:
        found = directive(line)
        if not found:
            return False
        key, value = found
        if key in self.directives:
            raise syntax_error("SL001", f"only one {key} directive can be used", number)
        self.directives.add(key)
        if key == "escape":
            if value not in ("\\", "`"):
                raise syntax_error("SL001", f"invalid escape character {value}", number, "use \\ or `")
            self.escape = value
        elif key == "syntax":
            self.syntax = value
        return True

    def _read_instruction(self, index: int, before: list[Node]) -> Instruction:
        logical = logical_line(self.lines, index, self.escape)
        number = index + 1
        parts = self._split_parts(logical.text, 0, number)
        if parts.keyword not in KEYWORDS:
            word = split_keyword(logical.text)[0]
            rest = logical.text.strip(SPACE).removeprefix(word).strip(SPACE)
            raise unknown_instruction(word, rest, number, self.lines[index], before)
        heredocs, end = self._read_heredocs(parts, logical, number)
        raw = "".join(self.lines[index:end])
        made = self._build_instruction(parts, logical, raw, number, end)
        return replace(made, heredocs=heredocs) if heredocs else made

    def _split_parts(self, text: str, offset: int, number: int, *, in_onbuild: bool = False) -> _Parts:
        """Split `text[offset:]`, and the trigger of an ONBUILD with it (not a nested one)."""
        word, rest = split_keyword(text[offset:] if offset else text)
        keyword = KEYWORDS.get(word.lower(), word)
        flags, start = split_flags(text, offset + rest, self.escape)
        end = max(len(text.rstrip(SPACE)), start)
        while start < end and text[start] in SPACE:
            start += 1
        trigger = None
        exec_form = None
        try:
            if keyword in _JSON_KEYWORDS:
                exec_form = json_array(text[start:end])
            elif keyword == "HEALTHCHECK":
                exec_form = json_array(split_healthcheck(text[start:end])[1])
        except NonStringArray:
            raise syntax_error("SL005", f"{keyword}: a JSON array may contain only strings", number) from None
        if keyword == "ONBUILD" and start < end and not in_onbuild:
            trigger = self._split_parts(text[:end], start, number, in_onbuild=True)
        return _Parts(keyword, flags, start, end, exec_form, trigger)

    def _build_instruction(
        self, parts: _Parts, logical: LogicalLine, raw: str, line: int, end_line: int
    ) -> Instruction:
        trigger = None
        if parts.trigger:
            trigger = self._build_instruction(parts.trigger, logical, raw, line, end_line)
        return Instruction(
            kind="instruction",
            raw=raw,
            line=line,
            end_line=end_line,
            keyword=parts.keyword,
            flags=parts.flags,
            value=logical.text[parts.start : parts.end],
            exec_form=parts.exec_form,
            pieces=_pieces_between(logical.pieces, parts.start, parts.end),
            trigger=trigger,
        )

    def _read_heredocs(
        self, parts: _Parts, logical: LogicalLine, number: int
    ) -> tuple[tuple[Heredoc, ...], int]:
        inner = parts.trigger or parts
        end = logical.end
        if inner.keyword not in _HEREDOC_KEYWORDS or inner.exec_form is not None or "<<" not in logical.text:
            return (), end
        found: list[Heredoc] = []
        try:
            openings = heredoc.openings(logical.text)
        except WordError as error:
            raise syntax_error("SL001", f"bad heredoc name: {error}", number) from None
        for opening in openings:
            last = self.terminators.find(opening, end)
            if last is None:
                if opening.spaced and opening.name.endswith("))"):
                    continue  # `$((1 << 2))`: frontends before 1.16 accept it
                raise syntax_error(
                    "SL004",
                    f'unterminated heredoc: no line "{opening.name}" follows',
                    number,
                    f"end it with a line that contains only {opening.name}",
                )
            found.append(heredoc.read(opening, "".join(self.lines[end:last])))
            end = last + 1
        return tuple(found), end


def _with_parsed_values(nodes: list[Node], name: str) -> list[Node]:
    """The nodes with keyword and value as dockerfile-parse reads them."""
    instructions = [node for node in nodes if isinstance(node, Instruction)]
    answers = iter(parse_instructions([(node.line, node.keyword, node.value) for node in instructions]))
    out: list[Node] = []
    for node in nodes:
        if isinstance(node, Instruction):
            keyword, value = next(answers)
            if value != node.value:
                raise AssertionError(f"{name}:{node.line}: dockerfile-parse read a different value")
            node = replace(node, keyword=keyword, value=value)
        out.append(node)
    return out


def _other_node(line: str, number: int, is_directive: bool) -> Node:
    if is_directive:
        return Node(kind="directive", raw=line, line=number, end_line=number)
    return Node(kind="blank" if is_blank(line) else "comment", raw=line, line=number, end_line=number)


def _pieces_between(pieces: tuple[tuple[int, int, int], ...], start: int, end: int) -> tuple[Piece, ...]:
    """The pieces of the logical line within `start:end`, with offsets relative to `start`."""
    out: list[Piece] = []
    for logical, source, length in pieces:
        low, high = max(logical, start), min(logical + length, end)
        if low < high:
            out.append(Piece(logical=low - start, source=source + low - logical, length=high - low))
    return tuple(out)
