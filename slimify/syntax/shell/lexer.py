"""Splits shell text into tokens: words, redirections and operators.

Tokens decide what a word is; the syntax tree (`parser`) decides the structure of commands. If they
disagree, the script is unreadable. The rules are those of POSIX "Shell Command Language" 2.2-2.4
and 2.7 plus bash's `$'…'`, `<(…)`, `&>`, `<<<`, arrays and `((…))`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from slimify.model.regex import regex

_REDIRECT = regex(r"(\d*|\{[A-Za-z_]\w*\})(<<<|<<-|<<|<>|<&|>>|>\||>&|<|>)")
_OPERATOR = regex(r"&>>|&>|&&|\|\||;;&|;;|;&|\|&|[;&|()]")
_ASSIGN = regex(r"[A-Za-z_]\w*(?:\[[^]]*\])?\+?=$")
_BRACES = regex(r"\{[^{}]*(?:,|\.\.)[^{}]*\}")
_NAME = regex(r"[A-Za-z_]\w*|[0-9@*#?$!-]")
_PARAMETER = regex(r"[#!]?(?:[A-Za-z_]\w*|[0-9]+|[@*#?$!-])(?:\[[^]]*\])?")
_MAX_BRACKETS = 50  # in an arithmetic expression; keeps the search for `))` linear
_CONTINUED_END = regex(r"(?:\\\n)+(?=[ \t\n;&|()<>]|$)")
_STOP = frozenset(" \t\n;&|()<>")


class UnreadableShell(Exception):
    """The text is not understood. `reason` is a word for `Script.opaque`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Token(Struct, frozen=True):
    """A word, redirection or operator. `value` is the static value of a word, or None."""

    kind: Literal["word", "redirect", "operator", "comment"]
    start: int
    end: int
    value: str | None = None
    op: str = ""
    fd: int | None = None
    nested: bool = False  # within $(…), `…` or <(…)


class Body(Struct, frozen=True):
    """The body of a here-document. `target` is the offset of its delimiter word."""

    target: int
    start: int
    end: int  # after the delimiter line
    value: str | None  # static text; None if the shell expands it
    expansions: tuple[tuple[int, int], ...] = ()  # spans of `$…` and `` `…` ``


class LexedScript(Struct, frozen=True):
    """The tokens of a script. `plain` is its text in ASCII, of equal length, as a shell splits it."""

    text: str
    plain: str
    tokens: dict[int, Token]  # by start
    bodies: dict[int, Body]  # by target
    continuations: list[int]  # offsets of escaped newlines between tokens
    substitutions: dict[int, int]  # start and end of `$(…)`, `` `…` ``, `<(…)` and `=(…)`


def lex(text: str) -> LexedScript:
    """The tokens of `text`. Raises `UnreadableShell` for unclosed quotes, brackets and here-documents."""
    if "\0" in text:
        raise UnreadableShell("binary")
    lexer = _Lexer(text)
    try:
        end = lexer.commands(0, "")
    except IndexError:
        raise UnreadableShell("unclosed") from None
    except RecursionError:
        raise UnreadableShell("depth") from None
    if end != len(text):
        raise UnreadableShell("syntax")
    return LexedScript(
        text, lexer.plain, lexer.tokens, lexer.bodies, lexer.continuations, lexer.substitutions
    )


def _plain(text: str) -> str:
    """`text` as ASCII of equal length. Unicode spaces become word characters, as for a shell."""
    text = text.replace("\\\r\n", " \\\n").replace("\r\n", " \n")
    return re.sub(r"[^\n\t -~]", ".", text)


class _Lexer:
    """One pass over the text. Methods take an offset and return the offset after what they read.

    At the end of the text they raise IndexError, which `lex` reports as unclosed syntax.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain = _plain(text)
        self.tokens: dict[int, Token] = {}
        self.bodies: dict[int, Body] = {}
        self.continuations: list[int] = []
        self.substitutions: dict[int, int] = {}
        self.pending: list[tuple[int, str, bool, bool]] = []  # target, name, quoted, strip tabs
        self.depth = 0

    def add(self, token: Token) -> int:
        self.tokens[token.start] = token
        return token.end

    def commands(self, at: int, closer: str) -> int:
        """Tokens up to `closer`: `)`, or "" for the end of the text."""
        plain, size, open_brackets = self.plain, len(self.plain), 0
        pending, self.pending = self.pending, []
        while True:
            if at >= size:
                if closer:
                    raise IndexError
                break
            char = plain[at]
            if char in " \t":
                at += 1
            elif char == "\\" and plain[at + 1 : at + 2] == "\n":
                self.continuations.append(at)
                at += 2
            elif char == "\n":
                at = self.here_documents(at + 1)
            elif char == closer and not open_brackets:
                break
            elif char == "#":
                end = plain.find("\n", at)
                end = size if end < 0 else end
                at = self.add(Token("comment", at, end, nested=self.depth > 0))
            elif plain.startswith("((", at) and (end := self.arithmetic(at + 2)):
                at = self.add(Token("word", at, end, nested=self.depth > 0))
            else:
                if char in "()":
                    open_brackets += 1 if char == "(" else -1
                at = self.token(at)
        if self.pending:
            raise UnreadableShell("heredoc")
        self.pending = pending
        return at

    def token(self, at: int) -> int:
        """One redirection, operator or word."""
        plain = self.plain
        nested = self.depth > 0
        if match := _OPERATOR.match(plain, at):
            op = match.group()
            kind: Literal["redirect", "operator"] = "redirect" if op in ("&>", "&>>") else "operator"
            return self.add(Token(kind, at, match.end(), op=op, nested=nested))
        match = _REDIRECT.match(plain, at)
        if match and not (plain[match.start(2) :].startswith(("<(", ">("))):
            fd = int(match[1]) if match[1].isdigit() else None
            end = self.add(Token("redirect", at, match.end(), op=match[2], fd=fd, nested=nested))
            if match[2] in ("<<", "<<-"):
                end = self.delimiter(end, match[2] == "<<-")
            return end
        end, value = self.word(at)
        return self.add(Token("word", at, end, value=value, nested=nested))

    def delimiter(self, at: int, strip: bool) -> int:
        """The delimiter word after `<<`."""
        while self.plain[at] in " \t":
            at += 1
        end, value = self.word(at)
        text = self.text[at:end]
        if value is None:  # delimiters are not expanded
            value = text
        self.pending.append((at, value, any(c in text for c in "'\"\\"), strip))
        return self.add(Token("word", at, end, value=value, nested=self.depth > 0))

    def here_documents(self, at: int) -> int:
        """The here-document bodies that start after a newline."""
        for target, name, quoted, strip in self.pending:
            start = at
            while True:
                if at >= len(self.text):
                    raise UnreadableShell("heredoc")
                end = self.text.find("\n", at)
                end = len(self.text) if end < 0 else end
                line = self.text[at:end].removesuffix("\r")
                if (line.lstrip("\t") if strip else line) == name:
                    break
                at = end + 1
            body = self.text[start:at]
            if strip:
                body = re.sub(r"(?m)^\t+", "", body)
            static = quoted or not re.search(r"[$`\\]", body)
            expansions = () if quoted else tuple(self.expansions(start, at))
            at = min(end + 1, len(self.text))
            self.bodies[target] = Body(target, start, at, body if static else None, expansions)
        self.pending = []
        return at

    def expansions(self, at: int, end: int) -> Iterator[tuple[int, int]]:
        """The spans of expansions in an unquoted body. Their commands become tokens."""
        while at < end:
            char, start = self.plain[at], at
            if char == "\\":
                at += 2
            elif char in "$`":
                at = self.dollar(at, quoted=True) if char == "$" else self.backquotes(at)
                yield start, at
            else:
                at += 1

    def word(self, at: int) -> tuple[int, str | None]:
        """The end of a word, and its value after quote removal (None if it is not static)."""
        plain, text, start = self.plain, self.text, at
        value: list[str] = []
        bare: list[str] = []  # the unquoted characters; \0 for quoted ones
        static = True
        while at < len(plain):
            char, begin = plain[at], at
            if char == "\\":
                if _CONTINUED_END.match(plain, at):
                    break
                at += 2
                if plain[begin + 1 : at] != "\n":
                    value.append(text[begin + 1 : at] or "\\")
                    bare.append("\0")
            elif char == "'":
                at = self.single_quotes(at)
                value.append(text[begin + 1 : at - 1])
                bare.append("\0")
            elif char == '"':
                at, part = self.double_quotes(at)
                static = static and part is not None
                value.append(part or "")
                bare.append("\0")
            elif char == "$":
                at = self.dollar(at)
                static = static and at == begin + 1
                value.append(char)
                bare.append("\0")
            elif char == "`":
                at, static = self.backquotes(at), False
            elif char in "<>" and plain[at + 1 : at + 2] == "(":
                at, static = self.bracketed(at, 2), False
            elif char == "(" and _ASSIGN.match(plain[start:at]):
                at, static = self.bracketed(at, 1), False
            elif char == "(" and bare and bare[-1] in "?*+@!":
                at, static = self.pattern(at), False
            elif char in _STOP:
                break
            else:
                at += 1
                value.append(text[begin])
                bare.append(char)
        if at == start:
            raise UnreadableShell("syntax")
        if static and _BRACES.search("".join(bare)):
            static = False
        return at, "".join(value) if static else None

    def double_quotes(self, at: int) -> tuple[int, str | None]:
        """The end of a `"…"` and its value."""
        plain, text, value, static = self.plain, self.text, [], True
        at += 1
        while plain[at] != '"':
            char, begin = plain[at], at
            if char == "\\":
                at += 2
                following = plain[begin + 1]
                if following in '$`"\\':
                    value.append(following)
                elif following != "\n":
                    value.append(text[begin:at])
            elif char == "$":
                at = self.dollar(at, quoted=True)
                static = static and at == begin + 1
                value.append(char)
            elif char == "`":
                at, static = self.backquotes(at, quoted=True), False
            else:
                at += 1
                value.append(text[begin])
        return at + 1, "".join(value) if static else None

    def dollar(self, at: int, quoted: bool = False) -> int:
        """An expansion, or a literal `$`. `quoted`: within double quotes."""
        plain = self.plain
        following = plain[at + 1 : at + 2]
        if plain.startswith("$((", at) and (end := self.arithmetic(at + 3)):
            return end
        if following == "(":
            return self.bracketed(at, 2)
        if following == "[":  # an old form of arithmetic
            return self.pattern(at + 1, "[", "]")
        if following == "{":
            return self.parameter(at + 2, quoted)
        if following == "'" and not quoted:
            at += 2
            while plain[at] != "'":
                at += 2 if plain[at] == "\\" else 1
            return at + 1
        if following == '"' and not quoted:
            return self.double_quotes(at + 1)[0]
        if match := _NAME.match(plain, at + 1):
            return match.end()
        return at + 1

    def parameter(self, at: int, quoted: bool) -> int:
        """`${…}`, after the brace. Within double quotes, single quotes are special only in patterns."""
        plain = self.plain
        name = _PARAMETER.match(plain, at)
        literal = quoted and not (name and plain[name.end() : name.end() + 1] in ("#", "%", "/"))
        at = name.end() if name else at
        while plain[at] != "}":
            char = plain[at]
            if char == "\\":
                at += 2
            elif char == "'" and not literal:
                at = self.single_quotes(at)
            elif char == '"':
                at = self.double_quotes(at)[0]
            elif char == "$":
                at = self.dollar(at, quoted)
            elif char == "`":
                at = self.backquotes(at)
            else:
                at += 1
        return at + 1

    def single_quotes(self, at: int) -> int:
        end = self.plain.find("'", at + 1)
        if end < 0:
            raise IndexError
        return end + 1

    def bracketed(self, at: int, opening: int) -> int:
        """Commands or array elements up to the closing bracket. The opening has `opening` characters."""
        self.depth += 1
        end = self.commands(at + opening, ")") + 1
        self.depth -= 1
        self.substitutions[at] = end
        return end

    def pattern(self, at: int, opening: str = "(", closing: str = ")") -> int:
        """The brackets of an extended glob, `@(a|b)`."""
        level = 0
        while True:
            level += {opening: 1, closing: -1}.get(self.plain[at], 0)
            at += 2 if self.plain[at] == "\\" else 1
            if not level:
                return at

    def backquotes(self, at: int, quoted: bool = False) -> int:
        """`` `…` ``. Text whose escapes change meaning within it is skipped, and so unreadable."""
        end = at + 1
        while self.plain[end] != "`":
            end += 2 if self.plain[end] == "\\" else 1
        if not re.search(r'\\[$`\\"]' if quoted else r"\\[$`\\]", self.plain[at:end]):
            whole, self.plain = self.plain, self.plain[:end]
            self.depth += 1
            self.commands(at + 1, "")
            self.depth -= 1
            self.plain = whole
        self.substitutions[at] = end + 1
        return end + 1

    def arithmetic(self, at: int) -> int:
        """The offset after the `))` of an arithmetic expression, or 0 if there is none."""
        open_brackets, plain = 0, self.plain
        while at < len(plain):
            char = plain[at]
            if char == "$" and plain[at + 1 : at + 2] in ("(", "{"):
                at = self.dollar(at)
                continue
            if char == "`":
                at = self.backquotes(at)
                continue
            if char == "(":
                open_brackets += 1
                if open_brackets > _MAX_BRACKETS:
                    return 0
            elif char == ")":
                if not open_brackets:
                    return at + 2 if plain[at + 1 : at + 2] == ")" else 0
                open_brackets -= 1
            elif char in "\n'\"":
                return 0
            at += 1
        return 0
