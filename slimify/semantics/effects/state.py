"""The state before a command, and the expansion of its words.

In: a `State` and words as written. Out: static values, or None if only the running shell knows them.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.facts.system import is_plain_root
from slimify.model.regex import regex
from slimify.model.shell import Word
from slimify.semantics.context_files import ContextView
from slimify.semantics.paths import join_path

_NAME = regex(r"[A-Za-z_]\w*")
_BRACED = regex(r"([A-Za-z_]\w*|\d)(?:(:?[-+=?]|##?|%%?)(.*))?\Z", re.DOTALL)
_BRACES = regex(r"\{([^{}\s]*,[^{}\s]*)\}")
_SUBSTITUTION = regex(r"\$\(|`")
_MAX_ADDED = 16_384  # characters that variables and substitutions add to one word; behind them it is unknown
_MAX_VARIABLES = 1_000  # that are followed; any others may be set
_MAX_TRIMMED = 500  # characters of a value that a pattern shortens: each of its ends is tried
_MAX_WORDS = 1_000  # of one word with braces
_ALL_ARGUMENTS = frozenset({"$@", "${@}", "$*", "${*}"})


class State(Struct, frozen=True, kw_only=True):
    """The state before a command.

    `env` are exported variables: those of the image, ENV and ARG. None stands for a variable with an unknown
    value. `variables` are shell variables. `homes` are home directories of users created so far. `settings`
    are values that tools store (`poetry virtualenvs.create`, `npm prefix`, …). `manager` is the system
    package manager of the base image, `languages` are those that the base image provides. `script` is the
    path of the script that runs (`$0`), `sourced` that of the file it sources. `ways` are the lists
    of positional parameters that there may be, none if they are unknown. `symbolic`: what only a shell
    can expand stays as written, so that two uses of one value are the same. `outputs` are what commands in
    substitutions print. `patterns` are globs that cover the values of unknown variables. `base_known`: the
    variables of the base image are known; otherwise any other variable may be set, and `home` is only
    likely. `written` are the paths that the list of commands so far certainly wrote, and with `ends` it has
    ended the build.
    """

    cwd: str | None = "/"
    env: Mapping[str, str | None] = field(default_factory=dict)
    variables: Mapping[str, str | None] = field(default_factory=dict)
    user: str = "root"
    home: str | None = "/root"
    view: ContextView = field(default_factory=ContextView)
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    manager: str = ""
    languages: frozenset[str] = frozenset()
    homes: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    script: str = ""
    sourced: str = ""
    ways: tuple[tuple[str, ...], ...] = ()
    symbolic: bool = False
    outputs: Mapping[str, str] = field(default_factory=dict)
    patterns: Mapping[str, str] = field(default_factory=dict)
    base_known: bool = True
    written: frozenset[str] = frozenset()
    ends: bool = False

    @property
    def arguments(self) -> tuple[str, ...] | None:
        """The positional parameters; None if they are unknown."""
        return self.ways[0] if len(self.ways) == 1 else None

    def with_arguments(self, values: tuple[str, ...] | None) -> State:
        return replace(self, ways=(values,) if values is not None else ())

    def get(self, name: str) -> str | None:
        """The value of a variable; None if it is unset or unknown."""
        if name in self.variables:
            return self.variables[name]
        if name in self.env:
            return self.env[name]
        if name == "HOME":
            return self.home if self.base_known else None
        return self.cwd if name == "PWD" else None

    def is_unset(self, name: str) -> bool:
        """Whether a variable is certainly not set, so that its default counts."""
        return self.base_known and name not in self.env and name not in self.variables

    @property
    def known_env(self) -> Variables:
        """The exported variables with known values, for the words of instructions."""
        return Variables(self)

    def with_env(self, values: Mapping[str, str | None]) -> State:
        patterns = {k: p for k, p in self.patterns.items() if k not in values}
        if not values:
            return self
        env, is_whole = _with_values(self.env, values)
        return replace(self, env=env, patterns=patterns, base_known=self.base_known and is_whole)

    def with_variable(self, name: str, value: str | None) -> State:
        """The state after `name=value`. An exported variable stays exported."""
        if name in self.env:
            return self.with_env({name: value})
        patterns = {k: p for k, p in self.patterns.items() if k != name}
        variables, is_whole = _with_values(self.variables, {name: value})
        known = self.base_known and is_whole
        return replace(self, variables=variables, patterns=patterns, base_known=known)

    def with_pattern(self, name: str, pattern: str) -> State:
        """The state with a variable that holds some path which a glob names."""
        return replace(self.with_variable(name, None), patterns={**self.patterns, name: pattern})

    def pattern_of(self, name: str) -> str | None:
        """The glob that covers the values of a variable; None if there is none."""
        return self.patterns.get(name) if self.get(name) is None else None

    def with_setting(self, key: str, value: str) -> State:
        return replace(self, settings={**self.settings, key: value})

    def home_of(self, user: str) -> str | None:
        """The home directory of a user, None if it is not known."""
        name = user.partition(":")[0]
        if is_plain_root(name):
            return "/root"
        return self.homes.get(name)

    def place(self, variable: str, *below_home: str) -> str | None:
        """The directory that a variable names, by default the path below the home directory."""
        value, home = self.get(variable), self.get("HOME")
        if value or home is None:
            return value or None
        return posixpath.join(home, *below_home) if value == "" or self.is_unset(variable) else None

    def with_user(self, user: str) -> State:
        """The state after `USER user`: HOME is the user's home directory, unless ENV sets it."""
        home = self.env["HOME"] if "HOME" in self.env else self.home_of(user)
        return replace(self, user=user, home=home)


def _with_values(
    before: Mapping[str, str | None], values: Mapping[str, str | None]
) -> tuple[Mapping[str, str | None], bool]:
    """Variables after some were set, and whether these are all: not more than a limit are followed."""
    found = {**before, **values}
    if len(found) <= _MAX_VARIABLES:
        return found, True
    return {name: value for name, value in found.items() if name in before}, False


class Variables(dict[str, str]):
    """The known variables of a state; words with another one that may be set have no value."""

    def __init__(self, state: State) -> None:
        super().__init__({name: value for name, value in state.env.items() if value is not None})
        self._state = state

    def is_unknown(self, name: str) -> bool:
        return name not in self and (name in self._state.env or not self._state.base_known)


class _Part(Struct, frozen=True):
    text: str | None  # None: not known
    split: bool = False  # from an unquoted variable
    pattern: str | None = None  # a glob that covers a text which is not known


def resolve(word: Word | str, state: State) -> str | None:
    """The static value of a word with variables and `~` expanded; None if only a shell can expand it.

    Globs are not expanded.
    """
    if isinstance(word, Word) and word.value is not None and not word.text.startswith("~"):
        return word.value
    parts = _parts(word.text if isinstance(word, Word) else word, state)
    texts = [part.text for part in parts]
    return None if None in texts else "".join(text for text in texts if text is not None)


def known_prefix(word: Word | str, state: State) -> str:
    """The start of a word's value, as far as it is known."""
    known = ""
    for part in _parts(word.text if isinstance(word, Word) else word, state):
        if part.text is None:
            break
        known += part.text
    return known


def known_pattern(word: Word, state: State) -> str:
    """A glob that covers the values of a word; "" if there is none."""
    parts = _parts(word.text, state)
    texts = [part.pattern if part.text is None else part.text for part in parts]
    return "" if None in texts else "".join(text for text in texts if text is not None)


def fields(word: Word, state: State) -> tuple[str, ...] | None:
    """The arguments that a word becomes. Unquoted variables are split at whitespace. None if not known."""
    if word.value is not None and not word.text.startswith("~"):
        return _braces(word.text, word.value, state)
    if word.text.strip('"') in _ALL_ARGUMENTS:
        unread = (word.text.strip('"'),) if state.symbolic else None
        return state.arguments if state.arguments is not None else unread
    parts = _parts(word.text, state)
    if any(part.text is None for part in parts):
        return None
    if not any(part.split for part in parts):
        return _braces(word.text, "".join(part.text or "" for part in parts), state)
    found: list[str] = []
    current: str | None = None
    for part in parts:
        text = part.text or ""
        if not part.split or (state.symbolic and _SUBSTITUTION.search(text)):
            current = (current or "") + text
            continue
        pieces = re.split(r"[ \t\n]+", text)
        current = (current or "") + pieces[0] if current is not None or pieces[0] else None
        for piece in pieces[1:]:
            if current is not None:
                found.append(current)
            current = piece or None
    if current is not None:
        found.append(current)
    return tuple(found)


def absolute(path: str, state: State) -> str | None:
    """A path as a normalised absolute image path; None if it depends on an unknown directory."""
    return join_path(state.cwd, path)


def _braces(text: str, value: str, state: State) -> tuple[str, ...] | None:
    """`a{b,c}` in bash; dash and ash have no brace expansion. None if these are too many words."""
    if "{" not in text or not any("bash" in part for part in state.shell[:1]) or text[:1] in "'\"":
        return (value,)
    found: list[str] = []
    pending = [value]
    while pending:
        word = pending.pop()
        match = _BRACES.search(word)
        if match is None:
            found.append(word)
            continue
        head, tail = word[: match.start()], word[match.end() :]
        pending += (head + part + tail for part in reversed(match[1].split(",")))
        if len(found) + len(pending) > _MAX_WORDS:
            return None
    return tuple(found)


def _parts(text: str, state: State) -> list[_Part]:
    parts: list[_Part] = []
    position = 0
    if text.startswith("~"):
        name = re.match(r"~([\w.-]*)(?=/|\Z)", text)
        if name is not None and not state.symbolic:
            parts.append(_Part(state.home_of(name[1]) if name[1] else state.get("HOME")))
            position = name.end()
    quoted, size = False, 0
    while position < len(text):
        char, start, before = text[position], position, len(parts)
        if char == "'" and not quoted:
            end = text.find("'", position + 1)
            end = len(text) if end < 0 else end
            parts.append(_Part(text[position + 1 : end]))
            position = end + 1
        elif char == '"':
            quoted = not quoted
            parts.append(_Part(""))
            position += 1
        elif char == "\\":
            position = _escaped(text, position, quoted, parts)
        elif char == "$":
            position = _dollar(text, position, quoted, state, parts)
        elif char == "`":
            end = text.find("`", position + 1)
            end = len(text) if end < 0 else end
            parts.append(_Part(_substitution(text[position + 1 : end], state)))
            position = end + 1
        else:
            match = re.compile(r"[^'\"\\$`]+").match(text, position)
            end = match.end() if match else position + 1
            parts.append(_Part(text[position:end]))
            position = end
        if state.symbolic and len(parts) > before and parts[-1].text is None:
            parts[-1] = _Part(re.sub(r"^\$\{(\w+)\}$", r"$\1", text[start:position]))
        size += sum(len(part.text or "") for part in parts[before:])
        if size > len(text) + _MAX_ADDED:
            return [_Part(None)]
    return parts


def _escaped(text: str, position: int, quoted: bool, parts: list[_Part]) -> int:
    following = text[position + 1 : position + 2]
    if quoted and following not in ("$", "`", '"', "\\", "\n"):
        parts.append(_Part("\\" + following))
    elif following != "\n":
        parts.append(_Part(following))
    return position + 2


def _dollar(text: str, position: int, quoted: bool, state: State, parts: list[_Part]) -> int:
    """Expands the text that starts with `$` at `position`. Returns the offset after it."""
    following, pattern = text[position + 1 : position + 2], None
    if following == "{":
        end = _closing(text, position + 2, "{", "}")
        inner = text[position + 2 : end]
        value, pattern = _braced(inner, state), state.pattern_of(inner)
    elif following == "(":
        end = _closing(text, position + 2, "(", ")")
        value = _substitution(text[position + 2 : end], state)
    else:
        match = _NAME.match(text, position + 1)
        if match is not None:
            name = match[0]
            parts.append(_Part(state.get(name), split=not quoted, pattern=state.pattern_of(name)))
            return match.end()
        if following.isdigit():
            parts.append(_Part(_parameter(int(following), state), split=not quoted))
            return position + 2
        if following and following in "@*#?-$!'":
            parts.append(_Part(None))
            return position + 2
        parts.append(_Part("$"))
        return position + 1
    parts.append(_Part(value, split=not quoted, pattern=pattern))
    return end + 1


def _braced(inner: str, state: State) -> str | None:
    """`${inner}`. The base image may set a variable that is unset here, so its default is not used."""
    if inner in ("BASH_SOURCE", "BASH_SOURCE[0]"):
        return state.sourced or state.script or None
    match = _BRACED.match(inner)
    if match is None:
        return None
    name, operator, operand = match[1], match[2] or "", match[3] or ""
    value = _parameter(int(name), state) if name.isdigit() else state.get(name)
    if value is None:
        return None
    if operator in ("", "-", "=", "?"):
        return value
    if operator in (":-", ":=", ":?"):
        return value or resolve(operand, state)
    if operator in ("+", ":+"):
        return resolve(operand, state) if value or operator == "+" else ""
    pattern = resolve(operand, state)
    return None if pattern is None else _trimmed(value, pattern, operator)


def _trimmed(value: str, pattern: str, operator: str) -> str | None:
    """`${X#p}`, `${X##p}`, `${X%p}`, `${X%%p}`."""
    if len(value) > _MAX_TRIMMED:
        return None
    cuts = range(len(value) + 1)
    prefix, longest = operator.startswith("#"), len(operator) == 2
    for cut in reversed(cuts) if prefix == longest else cuts:
        head, tail = value[:cut], value[cut:]
        if fnmatch.fnmatchcase(head if prefix else tail, pattern):
            return tail if prefix else head
    return value


def _substitution(command: str, state: State) -> str | None:
    """The output of the few commands that only depend on the state."""
    from slimify.semantics.effects.printed import output

    return output(command, state)


def _parameter(number: int, state: State) -> str | None:
    """The value of `$0`, `$1`, …: "" behind the last one."""
    if number == 0:
        return state.script or None
    if state.arguments is None:
        return None
    return state.arguments[number - 1] if number <= len(state.arguments) else ""


def _closing(text: str, position: int, opening: str, closing: str) -> int:
    depth = 1
    for offset in range(position, len(text)):
        if text[offset] == opening:
            depth += 1
        elif text[offset] == closing:
            depth -= 1
            if depth == 0:
                return offset
    return len(text)
