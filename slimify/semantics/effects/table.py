"""Effects of commands that are rows of `slimify/facts/commands.toml`."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from slimify.facts.commands import KnownCommand, commands, parts
from slimify.languages import language
from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.semantics.effects.call import Arg, Call, Options, first_value, literal_arg, package

_NAMES_ACTION = ("system", "source", "build", "fetch")  # their first operand says what is done


def verb_effects(
    call: Call, program: str, verb: str, rest: Sequence[Arg] = (), *, of: str = ""
) -> tuple[Effect, ...] | None:
    """The effects of a subcommand that is a row of a table, perhaps with one of its own among `rest`."""
    known = commands(of).known
    for name in (f"{verb} {first_value(rest)}", verb):
        if f"{program} {name}" in known:
            return row_effects(call, known[f"{program} {name}"], name)
    return None


def program_effects(call: Call, program: str) -> tuple[Effect, ...] | None:
    """The effects of a program of the shared table, by its first option or subcommand that has a row."""
    table = commands()
    known = table.known.get(program)
    if known is None:
        return None
    options = call.options(known.values, single=known.single, stop=known.stop)
    if options.has(*table.shows.get(program, ())):
        return call.effect("check")
    verb = next((word.value or "" for word in options.operands if not word.text.startswith("+")), "")
    for word, row in parts(program).items():
        if word in options.given or word == verb:
            return row_effects(call, row, verb if word == verb else "")
    return row_effects(call, known)


def row_effects(call: Call, known: KnownCommand, verb: str = "") -> tuple[Effect, ...]:
    """The effects that a row of the table, perhaps about the subcommand `verb`, gives this command line."""
    options = call.options(known.values, single=known.single, stop=known.stop)
    if known.kind == "app":
        piped = not call.first and (call.upstream is not None or call.stdin is not None)
        return call.unknown(Reason.of("SL221", "printed_script")) if piped else call.application_code(verb)
    operands = options.operands[0 if options.has(*known.unless) else known.skip :][len(verb.split()) :]
    read = call.inputs(_selected_words(call, known.reads, options, operands))
    outputs, lost = call.targets(_selected_words(call, known.outputs, options, operands))
    writes = _selected_words(call, known.writes, options, operands)
    if not writes and not outputs:
        writes = _selected_words(call, known.default, options, operands)
    possible = _selected_words(call, known.possible, options, operands)
    deletes = call.known_paths(_selected_words(call, known.deletes, options, operands))
    caches = tuple(path for place in known.caches if (path := table_path(call, place)) is not None)
    return call.write_effect(
        "files" if known.kind == "check" and writes else known.kind,
        known.action or verb or (call.first if known.kind in _NAMES_ACTION and "/" not in call.first else ""),
        manager=known.manager,
        packages=tuple(
            package(word if isinstance(word, Arg) else literal_arg(word))
            for word in _selected_words(call, known.packages, options, operands)
        ),
        writes=(*writes, *possible),
        possible=call.known_paths(possible),
        **read,
        outputs=outputs,
        deletes=deletes,
        manifests=call.known_paths(known.manifests),
        caches=caches,
        libraries=_linked(call, known.libraries),
        **({"why": Reason.of("SL221", "effect", why=known.why)} if known.why else {}),
        **({"writes_anywhere": True} if lost is not None else {}),
    )


def _linked(call: Call, option: str) -> tuple[str, ...]:
    """The libraries that an option names."""
    named = (arg.value for arg in call.args if option and arg.value)
    return tuple(dict.fromkeys(v[len(option) :] for v in named if v.startswith(option) and v != option))


def _selected_words(
    call: Call, selectors: Sequence[str], options: Options, operands: Sequence[Arg]
) -> tuple[Arg | str, ...]:
    found: list[Arg | str] = []
    for selector in selectors:
        if selector == "operands":
            found += operands
        elif selector == "first":
            found += operands[:1]
        elif selector == "last":
            found += operands[-1:] if len(operands) > 1 else ()
        elif selector == "pairs":
            pairs = ((word.value or "").partition(":") for word in operands)
            found += [literal_arg(output) for _, colon, output in pairs if colon]
        elif selector == "others":
            found += operands[:-1]
        elif selector == "rest":
            found += operands[1:]
        elif selector.startswith("-"):
            found += options.all(selector)
        else:
            path = table_path(call, selector)
            found.append(path if path is not None else Arg(value=None, text=selector))
    return tuple(found)


def table_path(call: Call, place: str) -> str | None:
    """A path from the tables: `~/x`, `cwd/x`, `/x`; `$X ~/x` and `$X cwd/x` are the value of X, by default
    the path, and `$X/y ~/x` is y below it; `@go/x` is x below the install directory of the language. Other
    named places are returned unchanged."""
    if place.startswith("$"):
        variable, _, default = place[1:].partition(" ")
        variable, _, below = variable.partition("/")
        if default.startswith("cwd") and (call.state.is_unset(variable) or call.state.get(variable) == ""):
            return table_path(call, default)
        base = call.place(variable, default.removeprefix("~/"))
        return posixpath.join(base, below) if base and below else base
    head, _, rest = place.partition("/")
    if head == "~":
        return call.home(rest) if rest else call.home()
    if head == "cwd":
        return posixpath.join(call.state.cwd, rest) if rest and call.state.cwd else call.state.cwd
    known = language(head[1:]) if head.startswith("@") else None
    if known is not None and known.install_root is not None:
        base = known.install_root.install_root(call.state)
        return posixpath.join(base, rest) if base else None
    return place
