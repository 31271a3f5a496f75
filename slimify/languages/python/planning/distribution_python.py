"""The directories that pip fills for the Python of a Linux distribution.

Debian and Ubuntu separate them: pip installs below /usr/local, in dist-packages (wiki.debian.org/Python).
Alpine has one scheme for apk and pip: packages in /usr/lib/python3.X/site-packages, which is copied whole
from the builder, and scripts in /usr/bin, from which only named ones can be copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from slimify.analysis.packages.module_needs import installed_modules
from slimify.analysis.program import Program
from slimify.facts.alpine import alpine_command, alpine_package, busybox_commands
from slimify.facts.images import ImageFacts
from slimify.facts.shells import changes_shell_state, is_special_builtin
from slimify.facts.system import LOCAL_DIRECTORY
from slimify.languages.python import LANGUAGE
from slimify.languages.python.commands.environments import SITE
from slimify.languages.python.package_facts import normalised, script_distributions
from slimify.model.decisions import Reason
from slimify.model.effects import Effect, SystemManager
from slimify.model.regex import regex
from slimify.semantics.paths import inside

SCRIPTS = "/usr/bin/"  # Alpine's pip installs scripts there, among the programs of apk packages
_LOCAL_BIN = "/usr/local/bin"
_SWITCHES = regex(r"(?:update-alternatives\b|\bln\s)[^\n;&|]*\bpython[^\n;&|]*")
_NAMES = regex(r"\bpython[\d.]*(?![\w-])")
# Packages that provide a `pip` without a number for Python 2.
_PYTHON2_PACKAGES = regex(r"python2?|python2?-(?:pip|dev|minimal|setuptools)|python-is-python2|py2?-pip")
_INTERPRETER = regex(r"python[\d.]*|pip[\d.]*")


def distribution_packages(program: Program, base: ImageFacts) -> tuple[str, ...] | Reason | None:
    """The directories of packages and scripts on a base image with the distribution's Python; a reason if
    the scripts are unknown; None if the directories are."""
    releases = LANGUAGE.facts("system-python.toml")[
        "alpine" if base.manager == SystemManager.APK else "debian"
    ]
    minor = releases.get(base.suite)
    texts = [s.instruction.value for s in program.steps if s.keyword == "RUN"]
    by_apt, moves = base.manager == SystemManager.APT, moves_between_releases(base)
    if moves and not by_apt:
        return Reason.of("SL393", "moving", base=program.base_ref)
    if minor is None or switches_python(texts, minor):
        return None
    versions = _versions(program, minor)
    if versions is None:
        return None
    if moves or (by_apt and _has_local_alone(program)):
        return (LOCAL_DIRECTORY,)  # whatever the version is called, and the data of wheels with it
    if by_apt:
        return (*(f"/usr/local/lib/python{v}/dist-packages" for v in versions), _LOCAL_BIN)
    scripts = _scripts(program)
    if isinstance(scripts, Reason):
        return scripts
    return (*(f"/usr/lib/python{v}/site-packages" for v in versions), *scripts)


def _has_local_alone(program: Program) -> bool:
    """Whether nothing but pip's installs fills /usr/local, which a distribution leaves empty."""
    others = (e for e in program.effects if SITE not in e.writes)
    written = [path for e in others for path in (*e.writes, *e.outputs)]
    written += (e.copy.target or "/" for e in program.machine.final.events if e.copy is not None)
    return not any(inside(path, LOCAL_DIRECTORY) or path == "/" for path in written)


def moves_between_releases(base: ImageFacts | None) -> bool:
    """Whether a tag of a distribution stands for one release after another, so that two of its images may
    have different versions of Python."""
    return base is not None and base.language is None and bool(base.suite) and not base.suite_sure


def switches_python(texts: Iterable[str], minor: str) -> bool:
    """Whether a command makes `python` another version than the image's `python3`."""
    own = {"python", "python3", f"python{minor}"}
    commands = (command for text in texts for command in _SWITCHES.findall(text))
    return any(name not in own for command in commands for name in _NAMES.findall(command))


def _versions(program: Program, minor: str) -> tuple[str, ...] | None:
    """The interpreters that installs are for: python3, or python2.7 if pip belongs to that one."""
    packages = {v.name for v in program.verdicts}
    if any(re.fullmatch(r"python3\.\d+", p) and p != f"python{minor}" for p in packages):
        return None
    second = any(_PYTHON2_PACKAGES.fullmatch(p) for p in packages)
    third = not packages.isdisjoint(LANGUAGE.words("toolchain.toml", "distribution", "pip")) or (
        not second and "python3" in packages
    )
    found: dict[str, None] = {}
    for effect in site_installs(program):
        named = named_version(effect)
        if named in (minor, "3"):
            found[minor] = None
        elif named in ("2", "2.7") and second:
            found["2.7"] = None
        elif named is None and second != third:
            found["2.7" if second else minor] = None
        else:
            return None
    return tuple(found)


def _scripts(program: Program) -> tuple[str, ...] | Reason:
    """The scripts of installed packages that something calls; a reason if a called program may be one and
    that is unknown."""
    if program.runtime_needs.dynamic:
        use = program.runtime_needs.dynamic[0]
        return Reason.of("SL393", "dynamic", place=use.place, directory=SCRIPTS)
    effects = program.effects
    installed = {normalised(m.use.name) for m in installed_modules(effects, program.end_state.view)}
    packages = {v.name for v in program.verdicts}
    by_apk = {c for name in packages for c in alpine_package(name, None).commands}
    found: dict[str, None] = {}
    for command, use in program.called.items():
        name = command.removeprefix(SCRIPTS)
        if "/" in name or name in by_apk | busybox_commands() or _INTERPRETER.fullmatch(name):
            continue
        if is_special_builtin(name) or changes_shell_state(name):  # `set` of an entry script
            continue
        if script_distributions(name) or normalised(name) in installed:
            found[f"{SCRIPTS}{name}"] = None
        elif alpine_command(name) is None and not _is_context_file(program, name):
            return Reason.of("SL393", "starts", place=use.place, command=name, directory=SCRIPTS)
    return tuple(found)


def _is_context_file(program: Program, name: str) -> bool:
    """Whether a file from the context has that name in the image."""
    view = program.end_state.view
    return any(path.rpartition("/")[2] == name and view.image_paths(path) for path in view.context.files)


def named_version(effect: Effect) -> str | None:
    """The version in the name of the interpreter or installer: `3`, `3.12`; None for a plain `pip`."""
    match = re.fullmatch(r"(?:python|pip|easy_install-?)(\d(?:\.\d+)?)", effect.tool)
    return match[1] if match else None


def site_installs(program: Program) -> Sequence[Effect]:
    """The effects that write to the system's site-packages."""
    return [e for e in program.effects if SITE in e.writes and e.does("install", "python")]
