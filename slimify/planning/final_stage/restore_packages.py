"""What a full base image has, its slim variant lacks and the application needs: packages, which join the
user's own apt install where that changes nothing, and the table of media types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from msgspec.structs import replace

from slimify.analysis.closed_worlds import compiles_unknown
from slimify.analysis.packages.module_needs import compiled_with
from slimify.analysis.program import AtomStep, Program, Step
from slimify.facts.carried import carried, lost_package
from slimify.facts.debian import brings, copied_program, is_archived, name_before_t64
from slimify.facts.programs import compilers
from slimify.facts.recommends import brought_along, recommended_packages
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import CHANGES_FILES, INSTALLS_NOTHING, Action, Effect, SystemManager
from slimify.model.regex import regex
from slimify.model.sizes import MB
from slimify.model.sources import Use
from slimify.planning.estimates.estimate import package_size
from slimify.planning.final_stage.media_types import media_types
from slimify.planning.layout import WordEdit


def restored_packages(
    program: Program, base: str, extra: Mapping[str, Use] = MappingProxyType({})
) -> tuple[tuple[str, ...], tuple[Decision, ...], Reason | None]:
    """Instructions for the head of the final stage, their decisions, and the reason (SL391) if a needed
    package can't be restored, else None.

    `base` is the slim variant of the program's base. `extra` are packages to install in any case, by name.
    """
    install, decisions, missing = _installed(program, base, extra)
    types, told = media_types(program, base)
    return (*install, *types), (*decisions, *told), missing


def _installed(
    program: Program, base: str, extra: Mapping[str, Use]
) -> tuple[tuple[str, ...], tuple[Decision, ...], Reason | None]:
    assert program.base is not None
    lost = carried(program.base)
    if not lost.known:
        if not program.runtime_needs.system_packages and not program.runtime_needs.libraries:
            return (), (), None
        return (), (), Reason.of("SL391", "unknown_loss", from_base=program.base_ref, base=base)
    compiling = compiles_unknown(program.runtime_needs)
    if compiling is not None and not lost.packages.isdisjoint(compilers()):
        return (), (), Reason.of("SL391", "headers", place=compiling.place, base=base)
    needs, wanted = program.runtime_needs, dict(extra)
    called = (*needs.commands.items(), *program.final_stage_tools.items())
    tools = {e.tool for e in program.effects if e.action == Action.INSTALL_DEPS}
    named = ((p, use) for p, use in needs.system_packages.items() if not any(t in use.name for t in tools))
    final = (effect for step in program.steps for effect in step.final_effects)
    compiling_with = compiled_with(final, program.end_state.view, program.base)
    for package, use in (
        *((lost_package(program.base, command), use) for command, use in called),
        *((p, use) for p, use in (*named, *compiling_with.items()) if p in lost.packages),
        *((lost.library_package(name), use) for name, use in needs.libraries.items()),
    ):
        if package:
            wanted.setdefault(package, use)
    for package, use in tuple(wanted.items()):
        for companion in lost.companions.get(package, ()):
            wanted.setdefault(companion, use)
    installed = final_packages(program).union(*map(brings, wanted))
    names = sorted(p for p in wanted if name_before_t64(p) not in installed)
    if program.runtime_needs.unresolved:
        library, use = next(iter(program.runtime_needs.unresolved.items()))
        return (), (), Reason.of("SL391", "runtime_library", user=use, library=library)
    if not names:
        return (), (), None
    own = [e for e in program.effects if e.kind == "packages" and e.manager == SystemManager.APT]
    if is_archived(program.base.suite) and not own:  # an own install shows that the release is still served
        return _copied(program, base, wanted, names)
    decisions = tuple(
        Decision.of("SL311", "package_for", package=name, why=_restore_reason(wanted[name]), base=base)
        for name in names
    )
    quiet = "" if any(e.tool == "apt-get" for e in own) else _UNPINNED  # else it is reported there
    return (quiet + install_run(names),), decisions, None


def _copied(
    program: Program, base: str, wanted: Mapping[str, Use], names: Sequence[str]
) -> tuple[tuple[str, ...], tuple[Decision, ...], Reason | None]:
    """The programs of packages that apt no longer serves, with their libraries, out of the full image."""
    assert program.base is not None
    suite, commands = program.base.suite or "", carried(program.base).commands
    called = (*program.runtime_needs.commands, *program.final_stage_tools)
    programs = {c: copied_program(c, suite) for c in sorted({*called}) if commands.get(c) in names}
    if not all(programs.values()) or {commands[c] for c in programs} != {*names}:
        return (), (), Reason.of("SL391", "archived", packages=tuple(names), suite=suite)
    files = [(path, path if path == own[0] else "/usr/lib/") for own in programs.values() for path in own]
    decisions = (
        Decision.of("SL311", "media_types", path=own[0], why=_restore_reason(wanted[commands[c]]), base=base)
        for c, own in programs.items()
    )
    return tuple(f"COPY --from=builder {path} {place}" for path, place in files), tuple(decisions), None


def final_packages(program: Program) -> frozenset[str]:
    """The packages that the final stage installs, with those that they bring."""
    verdicts, suite = program.verdicts, program.base.suite if program.base is not None else None
    found = {name_before_t64(v.name) for v in verdicts if v.role != "build"}
    found |= {name_before_t64(p) for v in verdicts if v.role == "build" for p in v.counterparts}
    for effect in (e for e in program.effects if e.kind == "packages"):
        for name in found.intersection(name_before_t64(package.name) for package in effect.packages):
            found |= brought_along(name, suite, recommended=not effect.sparing)
    return frozenset(found).union(*map(brings, found))


_IN_LINE = 60  # columns of package names that fit on one line


def install_run(names: list[str], *, sparing: bool = True) -> str:
    """A RUN that installs Debian packages, if `sparing` without recommended ones, and removes the lists."""
    option = " --no-install-recommends" if sparing else ""
    between = " " if len(" ".join(names)) <= _IN_LINE else " \\\n        "
    return (
        "RUN apt-get update \\\n"
        f"    && apt-get install -y{option}{between}{between.join(names)} \\\n"
        "    && rm -rf /var/lib/apt/lists/*"
    )


def packages_installed_by(line: str) -> tuple[str, ...]:
    """The packages that a line of `install_run` installs; () for any other line."""
    found = _INSTALL.fullmatch(line.removeprefix(_UNPINNED))
    return tuple(found[1].replace("\\\n", " ").split()) if found else ()


def restored_bytes(head: Iterable[str]) -> int:
    """The estimated size of the packages that lines of a final stage's head install."""
    names = {name for line in head for name in packages_installed_by(line)}
    return sum(package_size(name, SystemManager.APT) for name in names.difference(*map(brings, names)))


_UNPINNED = "# hadolint ignore=DL3008\n"
_INSTALL = regex(
    r"RUN apt-get update \\\n    && apt-get install -y --no-install-recommends ((?:[\w.+:-]+|[ ]|\\\n)+) \\\n"
    r"    && rm -rf /var/lib/apt/lists/\*"
)


def _restore_reason(use: Use) -> Reason:
    if not use.line:
        return Reason.of("SL311", "needed_by", user=use.name)
    if use.file == "Dockerfile":
        return Reason.of("SL311", "needed_by_line", at=use.line)
    return Reason.of("SL311", "needed_at", file=use.file, at=use.line)


# RUNs of other kinds may need the restored packages.
_NEEDS_NOTHING_RESTORED = INSTALLS_NOTHING | CHANGES_FILES | {"packages", "users"}
_LITTLE = 16 * MB  # git recommends 15 MB, in part there already: two RUNs with apt-get are harder to read
_SPECIAL_OPTIONS = ("-t", "--target-release", "--default-release", "-d", "--download-only", "--only-upgrade")


def merged_head_install(
    program: Program,
    final: Mapping[int, frozenset[int]],
    words: Mapping[int, WordEdit],
    head: tuple[str, ...],
) -> tuple[tuple[str, ...], Mapping[int, WordEdit]]:
    """The head of the final stage and the edits of its RUNs, with the packages of the head's install moved
    into the first apt install of the user's own RUNs, if there is one."""
    line = next((h for h in head if packages_installed_by(h)), "")
    if not line:
        return head, words
    names = packages_installed_by(line)
    little = _bring_little(program, names)
    for index in sorted(i for i in final if program.step(i).keyword == "RUN"):
        step = program.step(index)
        atoms = [a for a in step.atoms if a.index in final[index]]
        kinds = {e.kind for a in atoms for e in a.effects}
        if not atoms or not kinds <= _NEEDS_NOTHING_RESTORED:
            break
        edit = words.get(index, WordEdit())
        span = _last_name(step, atoms, edit, little=little) if {"packages", "index"} <= kinds else None
        if span is not None:
            text = edit.replace.get(span, step.script.text[span[0] : span[1]])
            more = replace(edit, replace={**edit.replace, span: " ".join((text, *names))}, added=names)
            return tuple(h for h in head if h != line), {**words, index: more}
    return head, words


def _last_name(
    step: Step, atoms: Sequence[AtomStep], edit: WordEdit, *, little: bool
) -> tuple[int, int] | None:
    """The span of the last package name in an install that others can be added to, which bring `little`."""
    for atom in atoms:
        for effect in atom.effects:
            spans = [p.span for p in effect.packages if edit.replace.get(p.span) != ""]
            if spans and _is_extensible(step, atom, effect, little=little):
                return spans[-1]
    return None


def _is_extensible(step: Step, atom: AtomStep, effect: Effect, *, little: bool) -> bool:
    """Whether this is a plain `apt-get install` in the RUN itself whose options also suit the new names."""
    given = {w.value or "" for w in effect.command.words}
    return (
        effect.kind == "packages"
        and effect.manager == SystemManager.APT
        and effect.tool in ("apt", "apt-get")
        and not effect.why
        and (effect.sparing or little)
        and not given.intersection(_SPECIAL_OPTIONS)
        and not effect.command.context
        and not step.script.atoms[atom.index].opaque
        and not step.instruction.heredocs
        and all(p.name and p.span != (-1, -1) for p in effect.packages)
    )


def _bring_little(program: Program, names: Sequence[str]) -> bool:
    """Whether apt installs little beside these packages that they only recommend."""
    assert program.base is not None
    more = recommended_packages([n for n in names if not n.startswith("lib")], program.base.suite)
    there = final_packages(program)
    return more is not None and sum(size for name, size in more.items() if name not in there) < _LITTLE
