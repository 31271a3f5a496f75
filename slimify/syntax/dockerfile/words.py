"""Word expansion by the builder: variables, quotes and escapes outside of RUN, CMD and ENTRYPOINT.

BuildKit expands the words of ADD, ARG, COPY, ENV, EXPOSE, FROM, LABEL, STOPSIGNAL, USER, VOLUME and
WORKDIR with its own lexer (frontend/dockerfile/shell), not with a shell: `$(ls)` remains text, an
unset variable is empty, and unsupported syntax (`${x^^}`, an open quote) fails the build.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from slimify.model.regex import regex
from slimify.syntax.dockerfile.patterns import PatternError, replace, trim_prefix, trim_suffix

# Go's unicode.IsSpace, by which BuildKit trims and splits; Python's set is larger (\x1c …)
SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_SPECIAL = frozenset("@*#?-$!")  # one-character parameters of POSIX sh, always unset in a build
_MAX_DEPTH = 100  # nesting of `${a:-${b:-…`
# Characters that variables add to a value that is known: `ENV a=$a$a` grows exponentially.
_MAX_VALUE_LENGTH = 16_384
_SPACES = regex(f"[{SPACE}]")
_PLAIN = regex(r"[^\s$'\"\\`<}/\x85\xa0]+")  # characters without a meaning to the lexer
_ANY_NAME = regex(r"\$\{?([A-Za-z_]\w*)")


class WordError(ValueError):
    """BuildKit would reject this text; the message says why."""


def expand(text: str, env: Mapping[str, str], escape: str = "\\") -> str | None:
    """`text` expanded as one word: variables replaced, quotes and escapes removed.

    An unset variable is empty, as in a build. Returns None where the build would fail, or where a variable
    may have a value that is not known (`env.is_unknown`, if there is such a method).
    """
    try:
        return Lexer(text, env, escape).run()[0]
    except WordError:
        return None


def references(text: str) -> frozenset[str]:
    """The names of the variables that the expansion of `text` can depend on.

    Nested references count; quoted and escaped ones do not. If the text has syntax that BuildKit
    does not support (`${x^^}`), every `$NAME` counts.
    """
    if "$" not in text:
        return frozenset()
    lexer = Lexer(text, {})
    try:
        lexer.run()
    except WordError:
        return frozenset(lexer.names) | frozenset(_ANY_NAME.findall(text))
    return frozenset(lexer.names)


def split_words(text: str, escape: str = "\\") -> tuple[str, ...]:
    """`text` split at unquoted spaces, without expansion: quotes and escapes are kept.

    BuildKit splits ENV, LABEL and ARG this way before it expands each word.
    """
    words: list[str] = []
    word: list[str] = []
    quote = ""
    position = 0
    while position < len(text):
        char = text[position]
        position += 1
        if not quote and char in SPACE:
            if word:
                words.append("".join(word))
                word = []
            continue
        if char == escape and quote != "'":
            if position == len(text):
                break  # an escape at the very end is dropped
            char += text[position]
            position += 1
        elif char in "'\"":
            quote = "" if char == quote else quote or char
        word.append(char)
    if word:
        words.append("".join(word))
    return tuple(words)


def is_letter(char: str) -> bool:
    return char == "_" or char.isalpha()


class _Words(Struct):
    """Collects the expanded text and its words."""

    text: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    word: list[str] = field(default_factory=list)

    def split(self, chars: str) -> None:
        """Add unquoted text, in which spaces separate words."""
        first, *others = _SPACES.split(chars)
        self.keep(first)
        for word in others:
            self.end()
            self.keep(word)

    def keep(self, chars: str) -> None:
        """Add quoted text, in which spaces are literal."""
        if chars:
            self.word.append(chars)

    def end(self) -> None:
        if self.word:
            self.words.append("".join(self.word))
            self.word = []


class Lexer:
    """Expands one text. `names` collects the variables it references.

    `raw` keeps quotes and escapes, as needed to find heredocs. `keep_unset` keeps references to
    unset variables as written. Raises WordError.
    """

    def __init__(
        self,
        text: str,
        env: Mapping[str, str],
        escape: str = "\\",
        *,
        raw: bool = False,
        keep_unset: bool = False,
    ) -> None:
        self.text, self.env, self.escape = text, env, escape
        self.raw = self.raw_escapes = raw
        self.keep_unset = keep_unset
        self.is_unknown: Callable[[str], bool] = getattr(env, "is_unknown", lambda name: False)
        self.pos = self.depth = self.size = 0
        self.names: list[str] = []

    def run(self) -> tuple[str, list[str]]:
        """The expanded text and its words."""
        return self._scan("")

    def _peek(self) -> str:
        return self.text[self.pos : self.pos + 1]

    def _take(self) -> str:
        char = self.text[self.pos : self.pos + 1]
        self.pos += 1
        return char

    def _until(self, stop: str, raw_escapes: bool) -> str:
        """The expanded text up to `stop` within `${…}`. A pattern keeps its escapes."""
        before, self.raw_escapes = self.raw_escapes, raw_escapes
        text, _ = self._scan(stop)
        self.raw_escapes = before
        return text

    def _scan(self, stop: str) -> tuple[str, list[str]]:
        """Expand up to and including `stop`, or to the end if `stop` is empty."""
        out = _Words()
        while char := self._peek():
            if char == stop:
                self.pos += 1
                out.end()
                return "".join(out.text), out.words
            if plain := _PLAIN.match(self.text, self.pos):
                self.pos = plain.end()
                out.text.append(plain[0])
                out.split(plain[0])
            elif char == "$":
                value = self._dollar()
                out.text.append(value)
                out.split(value)
            elif char in "'\"":
                value = self._single() if char == "'" else self._double()
                out.text.append(value)
                out.keep(value)
            elif self.raw and self.text.startswith("<<", self.pos):
                self._heredoc(out)
            elif char == self.escape:
                self.pos += 1
                escaped = self._take()
                value = (char if self.raw_escapes else "") + escaped
                out.text.append(value)
                out.keep(value)
            else:
                self.pos += 1
                out.text.append(char)
                out.split(char)
        if stop:
            raise WordError(f"a {stop} is missing")
        out.end()
        return "".join(out.text), out.words

    def _heredoc(self, out: _Words) -> None:
        # `<< EOF` is one word: spaces after an unquoted << belong to it (since frontend 1.16).
        end = self.pos + 2
        while self.text[end : end + 1] in (" ", "\t", "\r"):
            end += 1
        value = self.text[self.pos : end]
        self.pos = end
        out.text.append(value)
        out.keep(value)

    def _single(self) -> str:
        end = self.text.find("'", self.pos + 1)
        if end < 0:
            raise WordError("a single quote is not closed")
        inside = self.text[self.pos + 1 : end]
        self.pos = end + 1
        return f"'{inside}'" if self.raw else inside

    def _double(self) -> str:
        out = [self._take()] if self.raw else []
        self.pos += not self.raw
        while char := self._peek():
            if char == "$":
                out.append(self._dollar())
                continue
            self.pos += 1
            if char == '"':
                return "".join([*out, char] if self.raw else out)
            if char == self.escape:
                if self.raw_escapes:
                    out.append(char)
                following = self._peek()
                if not following:
                    break
                if following in ('"', "$", self.escape):
                    char = following
                    self.pos += 1
            out.append(char)
        raise WordError("a double quote is not closed")

    def _dollar(self) -> str:
        self.pos += 1
        if self._peek() != "{":
            name = self._name()
            if not name:
                return "$"
            return self._value(name) if self._known(name) else f"${name}"
        self.pos += 1
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise WordError("variables are nested too deeply")
        value = self._braced()
        self.depth -= 1
        return value

    def _braced(self) -> str:
        if self._peek() in ("", "{", "}", ":"):
            raise WordError("bad substitution")
        name, operator = self._name(), self._take()
        if operator == "}":
            return self._value(name) if self._known(name) else f"${{{name}}}"
        if operator == "/":
            return self._replace(name)
        null_is_unset = operator == ":"
        if null_is_unset:
            operator = self._take()
        elif not operator or operator not in "+-?#%":
            raise WordError(f"unsupported modifier {operator!r}")
        word = self._until("}", operator in ("#", "%"))
        if not self._known(name):
            return f"${{{name}{':' * null_is_unset}{operator}{word}}}"
        return self._modified(name, operator, word, null_is_unset)

    def _modified(self, name: str, operator: str, word: str, null_is_unset: bool) -> str:
        value = self._value(name)
        missing = name not in self.env or (null_is_unset and not value)
        if operator == "-":
            return word if missing else value
        if operator == "+":
            return "" if missing else word
        if operator == "?":
            if missing:
                raise WordError(f"{name}: {word or 'is not set'}")
            return value
        if operator not in "#%":
            raise WordError(f"unsupported modifier {operator!r}")
        longest = word.startswith(operator)
        trim = trim_prefix if operator == "#" else trim_suffix
        return _apply_pattern(trim, value, word[1:] if longest else word, longest=longest)

    def _replace(self, name: str) -> str:
        everywhere = self._peek() == "/"
        self.pos += everywhere
        pattern = self._until("/", True)
        replacement = self._until("}", True)
        if not self._known(name):
            return f"${{{name}/{'/' * everywhere}{pattern}/{replacement}}}"
        value = self._value(name)
        if everywhere and len(value) * len(replacement) > _MAX_VALUE_LENGTH * 64:
            raise WordError("the value is too long to be followed")
        return _apply_pattern(replace, value, pattern, replacement, everywhere=everywhere)

    def _name(self) -> str:
        start, first = self.pos, self._peek()
        if first and first in _SPECIAL:
            self.pos += 1
        elif first.isdecimal():
            while self._peek().isdecimal():
                self.pos += 1
        else:
            while (char := self._peek()) and (is_letter(char) or char.isdecimal()):
                self.pos += 1
        name = self.text[start : self.pos]
        if name and is_letter(name[0]):
            self.names.append(name)
        return name

    def _known(self, name: str) -> bool:
        return not self.keep_unset or name in self.env

    def _value(self, name: str) -> str:
        if self.is_unknown(name):
            raise WordError("the value is not known")
        value = self.env.get(name, "")
        self.size += len(value)
        if self.size > _MAX_VALUE_LENGTH:
            raise WordError("the value is too long to be followed")
        return value


def _apply_pattern(function: Callable[..., str], *args: str, **options: bool) -> str:
    try:
        return function(*args, **options)
    except PatternError as error:
        raise WordError(str(error)) from None
