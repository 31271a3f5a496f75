"""A command with its words expanded, the input of the command handlers."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from slimify.facts.toolchains import names_home
from slimify.model.decisions import Reason
from slimify.model.effects import Effect, EffectKind, Package
from slimify.model.shell import Command, Word
from slimify.semantics.effects.state import State, absolute, fields, known_pattern, known_prefix, resolve
from slimify.semantics.paths import is_named_place

NO_SPAN = (-1, -1)  # the span of a word that is not part of a RUN


class Arg(Struct, frozen=True, kw_only=True):
    """One argument. `value` is None if only a shell can expand it; `prefix` is the part that is known, and
    `pattern` a glob that covers its values, "" for none."""

    value: str | None
    text: str
    prefix: str = ""
    span: tuple[int, int] = NO_SPAN
    pattern: str = ""

    @property
    def shown(self) -> str:
        return self.text if self.value is None else self.value


class Options(Struct, frozen=True):
    """A parsed command line: each option with its values, and the operands in order."""

    given: dict[str, tuple[Arg, ...]]
    operands: tuple[Arg, ...]

    @property
    def verb(self) -> tuple[str, tuple[Arg, ...]]:
        """The first operand, "" if there is none or it is unknown, and the operands behind it."""
        return first_value(self.operands), self.operands[1:]

    def has(self, *names: str) -> bool:
        return any(name in self.given for name in names)

    def last(self, *names: str) -> Arg | None:
        """The last value given for an option, under any of its names."""
        found = [self.given[name][-1] for name in names if self.given.get(name)]
        return found[-1] if found else None

    def value(self, *names: str) -> str | None:
        arg = self.last(*names)
        return arg.value if arg is not None else None

    def all(self, *names: str) -> tuple[Arg, ...]:
        return tuple(arg for name in names for arg in self.given.get(name, ()))


# Interprets shell text inside a command: text, state, a key that detects cycles, and the line in its file.
Runner = Callable[[str, State, tuple[str, ...], int], tuple[Effect, ...]]


class Call(Struct, frozen=True, kw_only=True):
    """A command about to run. `upstream` and `downstream` are its neighbours in the pipeline.

    `command` is the RUN command that its effects refer to, however deeply this call is nested in it.
    """

    name: str  # basename of the program
    path: str  # the program as written, expanded
    args: tuple[Arg, ...]
    state: State
    command: Command
    outputs: tuple[Arg, ...] = ()  # files that its output is redirected to
    appends: bool = False  # to files that exist
    stdin: str | None = None  # text of a here-document, or of a file that a redirect reads
    upstream: Call | None = None
    downstream: tuple[Arg, ...] = ()  # words of the command that reads its output
    wrappers: tuple[str, ...] = ()  # programs that start this one: `gosu app …`, `sudo …`
    runner: Runner = lambda _text, _state, _key, _line: ()
    starter: Callable[[Call], tuple[Effect, ...]] = lambda call: call.unknown(
        Reason.of("SL221", "command", command=call.name)
    )
    ecosystem: str = ""  # the language that interprets it

    @property
    def first(self) -> str:
        """The first operand, "" if there is none or it is unknown."""
        for arg in self.args:
            if not arg.text.startswith("-"):
                return arg.value or ""
        return ""

    def flag(self, *names: str) -> bool:
        """Whether one of the words is present literally (`--x=value` counts as `--x`)."""
        return any(a.value in names or (a.value or "").partition("=")[0] in names for a in self.args)

    def run(self, text: str, state: State, *key: str, line: int = 1) -> tuple[Effect, ...]:
        """The effects of shell text that this command runs, attributed to this command. The key is "file" or
        "make" and a path, if it stands there from `line` on, else what tells it from other texts."""
        return self.runner(text, state, key, line)

    def start(self, words: Sequence[Arg]) -> tuple[Effect, ...]:
        """The effects of a command that this one starts, given as program and arguments."""
        if not words or not words[0].value:
            return self.unknown(Reason.of("SL221", "program"))
        path = words[0].value
        return self.starter(replace(self, name=posixpath.basename(path), path=path, args=tuple(words[1:])))

    def options(self, valued: Collection[str] = (), *, single: bool = False, stop: bool = False) -> Options:
        """Splits the arguments into options and operands.

        `valued` are the options that take the next word as their value. Short options may be bundled (`-xzf
        F`, `-oF`), unless `single`: tools in the style of Go spell long options with one dash. With `stop`,
        everything after the first operand is an operand.
        """
        return parse_options(self.args, valued, single=single, stop=stop)

    def effect(self, kind: EffectKind, action: str = "", **rest: Any) -> tuple[Effect]:
        """The one effect of this command; keyword arguments are fields of `Effect`."""
        rest.setdefault("tool", self.name)
        rest.setdefault("cwd", self.state.cwd)
        rest.setdefault("ecosystem", self.ecosystem)
        return (Effect(kind=kind, command=self.command, action=action, **rest),)

    def unknown(self, why: Reason, **rest: Any) -> tuple[Effect]:
        return self.effect("unknown", writes_anywhere=True, why=why, **rest)

    def application_code(self, action: str = "", **rest: Any) -> tuple[Effect]:
        """The application's own code runs: it writes below the working directory, below the home directory if
        a script that it reads names that, and possibly anywhere."""
        rest.setdefault("writes", (self.state.cwd,) if self.state.cwd else ())
        texts = (self.state.view.text(path) for path in rest.get("reads", ()))
        if self.state.home is not None and any(names_home(self.ecosystem, text or "") for text in texts):
            rest["writes"] = (*rest["writes"], self.state.home)
        return self.effect("app", action, writes_anywhere=True, why=Reason.of("SL221", "own_code"), **rest)

    def write_effect(
        self, kind: EffectKind, action: str = "", *, writes: Iterable[Arg | str] = (), **rest: Any
    ) -> tuple[Effect]:
        """An effect that writes the paths of words, or anywhere if one of them cannot be resolved."""
        paths, lost = self.targets(writes)
        if lost is not None:
            unknown = Reason.of("SL221", "cwd") if lost.text == "cwd" else None  # of a table
            rest["why"] = rest.get("why") or unknown or Reason.of("SL221", "target", target=lost.text)
            rest["writes_anywhere"] = True
        elif "/" in paths:
            paths = tuple(path for path in paths if path != "/")
            rest.setdefault("why", Reason.of("SL221", "root_files"))
            rest["writes_anywhere"] = True
        return self.effect(kind, action, writes=paths, **rest)

    def targets(self, words: Iterable[Arg | str]) -> tuple[tuple[str, ...], Arg | None]:
        """The absolute paths of words, and the first word that has none.

        If only the start of a word is known, its directory stands for it.
        """
        paths: list[str] = []
        lost: Arg | None = None
        for word in words:
            path = self.path_of(word)
            if path is None:
                lost = lost or (word if isinstance(word, Arg) else Arg(value=word, text=word))
            elif path not in paths:
                paths.append(path)
        return tuple(paths), lost

    def path_of(self, word: Arg | str) -> str | None:
        """The absolute path of a word, or of its directory if only that is known."""
        if isinstance(word, str):
            return word if is_named_place(word) else absolute(word, self.state)
        if word.value is not None:
            return absolute(word.value, self.state)
        directory, slash, _ = word.prefix.rpartition("/")
        if not slash:
            return self.state.cwd if word.prefix else None
        path = absolute(directory or "/", self.state)
        return path if path != "/" else None

    def known_paths(self, words: Iterable[Arg | str]) -> tuple[str, ...]:
        """The absolute paths of those words that can be resolved."""
        return self.targets(words)[0]

    def inputs(self, words: Iterable[Arg | str]) -> dict[str, Any]:
        """The fields of the effect of a command that reads the files which words name. A word of which
        nothing is known may name any file."""
        globs = (replace(w, value=w.pattern) if isinstance(w, Arg) and w.pattern else w for w in words)
        paths, lost = self.targets(w for w in globs if not isinstance(w, Arg) or w.value != "-")
        return {"reads": paths, "reads_anything": lost is not None}

    def home(self, *parts: str) -> str | None:
        """A path below the current home directory, None if that is not known."""
        home = self.state.get("HOME")
        return posixpath.join(home, *parts) if home is not None else None

    def cache(self, variable: str, *below_home: str) -> str | None:
        """The directory of a cache, as `place`; if that is not known, the likely one: a tool that cleans its
        cache finds it by itself."""
        home = self.state.home
        return self.state.get(variable) or (posixpath.join(home, *below_home) if home is not None else None)

    def place(self, variable: str, *below_home: str) -> str | None:
        """The directory that a variable names, by default the path below the home directory."""
        return self.state.place(variable, *below_home)

    def word(self, path: str, variable: str = "") -> Arg | str:
        """The word for a path below the home directory, or for the `place` of a variable. If that is not
        known, it is one that can't be resolved."""
        place = self.place(variable, path) if variable else self.home(path)
        return place if place is not None else Arg(value=None, text=f"~/{path}")


def parse_options(
    args: Sequence[Arg], valued: Collection[str] = (), *, single: bool = False, stop: bool = False
) -> Options:
    """Splits arguments into options and operands; parameters as in `Call.options`."""
    given: dict[str, tuple[Arg, ...]] = {}
    operands: list[Arg] = []
    rest = list(args)
    while rest:
        arg = rest.pop(0)
        text = arg.value if arg.value is not None else arg.prefix
        if text == "--":
            operands += rest
            break
        if len(text) < 2 or not text.startswith("-"):
            operands.append(arg)
            if stop:
                operands += rest
                break
            continue
        name, equals, tail = text.partition("=")
        if equals:
            _add_option(given, name, _rest_of(arg, tail))
        elif single or text.startswith("--") or text in valued:
            _add_option(given, name, rest.pop(0) if name in valued and rest else None)
        else:
            _add_bundle(arg, text, valued, given, rest)
    return Options(given, tuple(operands))


def _add_bundle(
    arg: Arg, text: str, valued: Collection[str], given: dict[str, tuple[Arg, ...]], rest: list[Arg]
) -> None:
    """`-xvf F`: every letter is an option. The value of one is the rest of the word or the next word."""
    for offset, letter in enumerate(text[1:], 2):
        name = "-" + letter
        if name in valued:
            joined = text[offset:] or arg.value is None
            _add_option(
                given, name, _rest_of(arg, text[offset:]) if joined else rest.pop(0) if rest else None
            )
            return
        _add_option(given, name, None)
    if len(text) > 2:
        _add_option(given, text, None)


def _rest_of(arg: Arg, tail: str) -> Arg:
    """The value of an option that is the end of its word."""
    return Arg(value=tail if arg.value is not None else None, text=tail or arg.text, prefix=tail)


def _add_option(given: dict[str, tuple[Arg, ...]], name: str, value: Arg | None) -> None:
    given[name] = (*given.get(name, ()), *((value,) if value is not None else ()))


def arguments(words: Sequence[Word], state: State, *, spans: bool = True) -> tuple[Arg, ...]:
    """Expands words to arguments. A word that becomes several arguments has no span."""
    found: list[Arg] = []
    for word in words:
        values = fields(word, state)
        span = (word.start, word.end) if spans else NO_SPAN
        if values is None:
            prefix, pattern = known_prefix(word, state), known_pattern(word, state)
            found.append(Arg(value=None, text=word.text, prefix=prefix, span=span, pattern=pattern))
        elif len(values) == 1:
            found.append(Arg(value=values[0], text=word.text, prefix=values[0], span=span))
        else:
            found += (Arg(value=value, text=value, prefix=value) for value in values)
    return tuple(found)


def output_files(command: Command, state: State) -> tuple[Arg, ...]:
    """The files that the redirects of a command write, except /dev/null and similar devices."""
    files: list[Arg] = []
    for redirect in command.redirects:
        if not redirect.op.startswith((">", "&>", "<>")):
            continue
        value = resolve(redirect.target, state)
        if redirect.op.endswith("&") and (value is None or value == "-" or value.isdigit()):
            continue
        if value is not None and value.startswith(("/dev/", "/proc/self/fd/")):
            continue
        files.append(Arg(value=value, text=redirect.target.text, prefix=known_prefix(redirect.target, state)))
    return tuple(files)


def input_files(command: Command, state: State) -> tuple[Arg, ...]:
    """The files that the redirects of a command read."""
    files = arguments([r.target for r in command.redirects if r.op in ("<", "<>")], state, spans=False)
    return tuple(file for file in files if not file.prefix.startswith(("/dev/", "/proc/self/fd/")))


def first_value(words: Sequence[Arg]) -> str:
    """The first word, "" if there is none or it is unknown."""
    return (words[0].value or "") if words else ""


def known_values(words: Sequence[Arg]) -> tuple[str, ...] | None:
    """The values of words; None if one is not known."""
    values = tuple(word.value for word in words if word.value is not None)
    return values if len(values) == len(words) else None


def literal_arg(text: str) -> Arg:
    """An argument with a literal value that is not part of a RUN."""
    return Arg(value=text, text=text, prefix=text)


def package(arg: Arg, name: str | None = None) -> Package:
    """A package of an install command; `name` if it differs from the word."""
    return Package(name=arg.shown if name is None else name, text=arg.text, span=arg.span)


def followed(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """Effects of commands whose words are not those of the Dockerfile."""
    return tuple(replace(e, followed=True) for e in effects)


def unread(command: Command, state: State, why: Reason | None, tool: str) -> tuple[Effect, ...]:
    """The effect of a script that is not followed."""
    return (Effect(kind="unknown", tool=tool, command=command, writes_anywhere=True, cwd=state.cwd, why=why),)
