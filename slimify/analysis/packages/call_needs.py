"""What programs need besides their own package, by how they are called: modules of which every image has only
some, and other programs that they start themselves."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from slimify.analysis.packages.context_mentions import mentions_in
from slimify.context.scan import Context
from slimify.facts.carried import lost_package
from slimify.facts.images import ImageFacts
from slimify.facts.packages import (
    PartialProgram,
    partial_programs,
    programs_started_through,
    system_package,
)
from slimify.facts.servers import (
    init_script,
    names_of_packages,
    service_managers,
    starts_every_service,
    unit_endings,
)
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.model.sources import Use
from slimify.semantics.context_files import ContextView
from slimify.semantics.effects.call import Call


def whole_programs(commands: Mapping[str, Use], calls: Collection[Call]) -> dict[str, Use]:
    """The packages of the programs among `commands` of which the part is not enough, each with the use.
    `calls` are the known calls of all programs."""
    found: dict[str, Use] = {}
    for name, program in partial_programs().items():
        own = [call for call in calls if call.name == name]
        if name in commands and not (own and all(_needs_part(program, call) for call in own)):
            found[program.package] = commands[name]
    return found


def packages_of_services(
    commands: Mapping[str, Use], calls: Iterable[Call], effects: Iterable[Effect], base: ImageFacts | None
) -> dict[str, Use]:
    """The packages that the steps with these effects install and whose services the calls name, each with the
    use. If the package of a service is not known, that may be any that does not only build, fetch or edit."""
    started = [(call.name, service) for call in calls for service in _services(call)]
    if not started:
        return {}
    installed = dict.fromkeys(p.name for e in effects if e.kind == "packages" for p in e.packages if p.name)
    facts = {name: system_package(name, base) for name in installed}
    any_one = [n for n, known in facts.items() if known is None or known.kind in ("run", "unknown")]
    found: dict[str, Use] = {}
    for manager, service in started:
        bare = re.sub(r"[\d.]+", "", service)  # php8.2-fpm
        names = tuple({*names_of_packages(service), *(names_of_packages(bare) if bare else ())})
        begins = tuple(f"{name}-" for name in names)
        own = {n for n in installed if n in names or n.startswith(begins)} if service else set[str]()
        own |= {n for n, known in facts.items() if known is not None and service in known.commands}
        found |= dict.fromkeys(own or any_one, commands.get(manager, Use(name=manager, file="", line=0)))
    return found


def _services(call: Call) -> Iterator[str]:
    """The services that a call names; "" for any. Those with an init script of the image are followed."""
    if starts_every_service(call.path):
        yield ""
    manager = service_managers().get(call.name)
    if manager is None:
        return
    operands = call.options(manager.valued.split()).operands
    named = operands[1:] if manager.action else operands[:1]
    for word in named:
        name = word.value or ""
        name = next((name.removesuffix(end) for end in unit_endings() if name.endswith(end)), name)
        name = name.partition("@")[0]  # systemd.unit(5): postgresql@15-main
        if not name or call.state.view.text(init_script(name)) is None:
            yield name


def started_through(
    commands: Mapping[str, Use], calls: Collection[Call], context: Context, said: Sequence[str]
) -> Iterator[tuple[str, Use]]:
    """The programs that those among `commands` start in some uses, which a call shows, a text of the context,
    or one of the lines `NAME=word` of what is `said`. Without texts that would show it, a program whose calls
    nobody knows may start them."""
    called = {call.name for call in calls}
    lines = {" ".join((call.name, *(arg.shown for arg in call.args))) for call in calls}
    for name, row in programs_started_through().items():
        caller = next((c for c in row.callers.split() if c in commands), None)
        if caller is None or name in commands:
            continue
        texts = row.texts and mentions_in(context).file_with(row.texts.pattern, row.words.split())
        shown = any(map(row.calls.search, lines)) or not (row.texts or caller in called)
        if shown or texts or (row.texts and any(map(row.texts.search, said))):
            yield name, Use(name=texts, file=texts, line=0) if texts and not shown else commands[caller]


def interpreters_of_scripts(view: ContextView, base: ImageFacts | None) -> Iterator[Use]:
    """The interpreters of the executable scripts of the context that the image has, as far as its slim
    variant has none of them, or a part."""
    there = (path for path in sorted(view.context.executables) if view.image_paths(path))
    for path in islice(there, _MAX_SCRIPTS):
        first = _FIRST_LINE.match(view.context.text(path) or "")
        name = first[1] if first is not None else ""
        if base is not None and (lost_package(base, name) or posixpath.basename(name) in partial_programs()):
            yield Use(name=name, file=path, line=1)


_FIRST_LINE = regex(r"#!\s*(?:/\S*/env\s+(?:-\S+\s+)*)?(\S+)")
_MAX_SCRIPTS = 1_000


def _needs_part(program: PartialProgram, call: Call) -> bool:
    """Whether a call is known to load nothing but modules of the part."""
    code, loading = program.code.split(), program.loading.split()
    options = call.options((*code, *loading, *program.valued.split()))
    texts = [arg.shown.strip("\"'") for arg in options.all(*code)]
    if not texts:
        path = call.path_of(options.operands[0]) if options.operands else None
        text = call.state.view.text(path) if path is not None else call.stdin
        if text is None:
            return False
        texts.append(text)
    modules = [arg.shown for arg in options.all(*loading)]
    modules += (name[2:] for name in options.given if name[:2] in loading and name[2:])
    modules += (found[1] for text in texts for found in re.finditer(program.loads, text))
    return {*modules} <= {*program.modules.split()}
