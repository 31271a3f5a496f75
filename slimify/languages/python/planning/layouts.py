"""Python: packages are installed in the builder and copied to the same paths.

Copying site-packages and scripts of the interpreter keeps every absolute path and every command of the
user. The path contains the minor version, so a moving tag (`python:3`) gets a virtual environment instead.
Steps that run the application's code (collectstatic, data downloads) run in the final stage.
"""

from __future__ import annotations

import posixpath
from functools import partial

from slimify.analysis.packages.module_needs import installed_modules
from slimify.analysis.packages.package_files import package_files
from slimify.analysis.program import Program
from slimify.analysis.runtime_needs import unread_start
from slimify.config import Options
from slimify.facts.carried import installed
from slimify.facts.system import LOCAL_DIRECTORY
from slimify.languages.python import LANGUAGE
from slimify.languages.python.commands.environments import BIN, DATA, SITE, PythonPlace
from slimify.languages.python.package_facts import installers
from slimify.languages.python.planning import venv as venvs
from slimify.languages.python.planning.development_lists import without_listed_tools
from slimify.languages.python.planning.development_removal import without_groups
from slimify.languages.python.planning.development_uses import PACKAGE
from slimify.languages.python.planning.distribution_python import SCRIPTS, moves_between_releases
from slimify.languages.python.planning.frontend import without_node_modules
from slimify.languages.python.planning.installers import without_installers
from slimify.languages.python.planning.replaced_packages import remove_overlaid
from slimify.languages.python.planning.site_packages import (
    foreign_interpreter,
    installer_directories,
    installs_only_installers,
    site_packages,
)
from slimify.languages.python.planning.start import installs_at_start
from slimify.model.decisions import Reason
from slimify.model.effects import SystemManager
from slimify.model.plan import Rung
from slimify.model.sizes import MB
from slimify.model.versions import version_numbers
from slimify.planning.estimates import estimate
from slimify.planning.final_stage.commands import SplitRequest
from slimify.planning.final_stage.copy_owner import copy_owner
from slimify.planning.final_stage.rebase import base_as_written, passed_bases
from slimify.planning.final_stage.restore_packages import restored_packages
from slimify.planning.layout import CopyFromBuilder, Layout, outermost
from slimify.planning.proposal import Proposal, base_and_copies, managed_copy, on_slim_and_same
from slimify.planning.stages.split import split_layout
from slimify.planning.stages.unknown_steps import keep_everything_before_unknown, split_obstacle
from slimify.syntax.dockerfile.instructions import copy_parts

_PIP_ITSELF = 12 * MB  # duplicated by copying site-packages
_LOCAL_PYTHON = 60 * MB  # duplicated by copying /usr/local
_CONDA = 400 * MB  # /opt/conda of the images with conda, which COPY stores once more
_INSTALLER = 50 * MB  # poetry or pipenv with dependencies
_FEW = 10  # packages of which nothing but a list outside the build context tells


def propose(program: Program, options: Options) -> Proposal:
    """Layouts on the slim variant and on the same base."""
    compiling = installs_at_start(program)
    if compiling:
        return Proposal(reasons=(compiling,))
    return on_slim_and_same(program, options, partial(_layout, program, options))


def _layout(program: Program, options: Options, rung: Rung, base: str) -> Layout | Reason:
    """A layout on this base, or why there is none."""
    if rung == "same-base":
        program = keep_everything_before_unknown(program)
    unread = unread_start(program.runtime_needs.start) if rung == "slim" else None
    if unread:
        return Reason.of("SL392", "unread_start", why=unread, base=program.base_ref)
    if rung == "slim" and moves_between_releases(program.base):
        return Reason.of("SL393", "moving", base=program.base_ref)
    copies = python_copies(program)
    if isinstance(copies, Reason):
        worth = estimate.saved_bytes(program, "same-base") >= options.min_saving.floor(
            estimate.original_bytes(program)
        )
        return copies if rung == "slim" or worth else Reason.of("SL407", "nothing_to_drop")
    own = any(m.path == venvs.PATH for m in program.artifacts)
    made = None if own else next((t.after for t in copies if t.path == venvs.PATH), None)
    broad = managed_copy(program, copies)
    if broad:
        return broad
    copies, tail, dropped, unwanted = without_node_modules(program, copies)
    groups, tools = without_groups(program, copies), without_listed_tools(program, copies)
    out = without_installers(program, copies)
    head, put, missing = restored_packages(program, base) if rung == "slim" else ((), (), None)
    if missing:
        return missing
    replaced, replacing = remove_overlaid(program, copies, options.keep_packages)
    said = base_and_copies(program, rung, base, copies, "Python")
    left = estimate.left_behind_bytes(program, copies, unwanted)
    saving = _saving(program, base, rung, copies) + out.size + groups.size + tools.size + left
    shown = program.base is not None and bool(program.base.packages)
    own_python = program.base is not None and program.base.language == "python"
    request = SplitRequest(
        rung=rung,
        base=base,
        copies=copies,
        present=_preinstalled(program, base) | _base_libraries(own_python and not shown),
        needless=_needless(program, own_python),
        builder_tail=(*tail, *groups.tail, *tools.tail, *out.tail),
        final_head=head,
        final_before=replaced,
        builder_before={made: (venvs.MAKE, venvs.ACTIVATE)} if made is not None else {},
        final_after={made: (venvs.ACTIVATE,)} if made is not None else {},
        decisions=(*said, *dropped, *groups.decisions, *tools.decisions, *out.decisions, *put, *replacing),
        saving=saving,
        original=estimate.original_bytes(program) + groups.size + tools.size + left,
    )
    return split_obstacle(program, request) or split_layout(program, request)


def _needless(program: Program, own_python: bool) -> tuple[str, ...]:
    """Packages whose files a base image with a Python of its own does not use, or that are part of the copied
    site-packages because apk installs into it, too."""
    if own_python:
        return LANGUAGE.words("toolchain.toml", "images", "system")
    by_apk = program.base is not None and program.base.manager == SystemManager.APK
    return ("py3-setuptools",) if by_apk else ()


def _base_libraries(wanted: bool) -> frozenset[str]:
    """The packages of the libraries that every python image has, if they are wanted."""
    return frozenset(LANGUAGE.words("toolchain.toml", "images", "libraries") if wanted else ())


def _preinstalled(program: Program, base: str) -> frozenset[str]:
    facts = program.facts_of(base)
    return facts.packages or installed(facts) if facts is not None else frozenset()


def python_copies(program: Program) -> tuple[CopyFromBuilder, ...] | Reason:
    """The copies from the builder; a reason if the directories of site-packages are unknown."""
    copies: list[CopyFromBuilder] = []
    why = foreign_interpreter(program)
    if why:
        return why
    left, alive = installer_directories(program)
    if alive:
        return Reason.of("SL393", "installer", program=alive)
    dropped = tuple(PythonPlace) if installs_only_installers(program) else ()
    for made in program.artifacts:
        if made.path in left or made.path in dropped:
            continue
        if made.path == SITE or made.path in DATA:
            site = _installed_to(program)
            if isinstance(site, Reason):
                return site
            prefix = next((path.partition("/lib/")[0] for path in site if "/lib/" in path), "")
            if made.path != SITE:
                below = made.path.replace(PythonPlace.PREFIX, "@")[1:]
                site = (posixpath.join(prefix, below).rstrip("/"),) if prefix else ()
            places = ((path, path.startswith(SCRIPTS)) for path in site)
            copies += [CopyFromBuilder(path=p, after=made.first, is_file=single) for p, single in places]
        elif made.path != BIN:
            owner = copy_owner(program, made)
            path, single = made.path, made.is_file
            copies.append(CopyFromBuilder(path=path, after=made.first, owner=owner, is_file=single))
    return tuple(outermost(copies))


def _installed_to(program: Program) -> tuple[str, ...] | Reason:
    """The directories of the installed packages: those of the interpreter, or a virtual environment where the
    tag may stand for another one."""
    site = site_packages(program)
    if not _is_moving_tag(program):
        return site
    why = venvs.no_venv(program)
    if why is None:
        return (venvs.PATH,)
    return site if isinstance(site, tuple) and _has_one_directory(program) else why


def _is_moving_tag(program: Program) -> bool:
    """Whether the tag of a python image does not contain the minor version, or takes it from a build
    argument."""
    base = program.base
    if base is None or base.family != "python" or base.digest:
        return False
    return not base.version_sure or "$" in base_as_written(program)


def _has_one_directory(program: Program) -> bool:
    """Whether site-packages has the same path in all bases that the repository chooses."""
    own = version_numbers((program.base and program.base.version) or "")[:2]
    return all(b is not None and version_numbers(b.version or "")[:2] == own for b in passed_bases(program))


def _saving(program: Program, base: str, rung: Rung, copies: tuple[CopyFromBuilder, ...]) -> int:
    saving = estimate.saved_bytes(program, rung, copies) + _package_files(program)
    if any("site-packages" in t.path for t in copies):
        saving -= _PIP_ITSELF
    elif installs_only_installers(program):
        saving += _INSTALLER
    for step in program.steps:
        if step.keyword == "COPY" and step.role == "build":
            names = map(posixpath.basename, copy_parts(step.instruction).sources)
            saving += MB * sum(installers()[name].alone for name in names if name in installers())
    if any(t.path == LOCAL_DIRECTORY for t in copies):
        saving -= _LOCAL_PYTHON
    if (
        program.base is not None
        and program.base.family == "conda"
        and any(t.path == "/opt/conda" for t in copies)
    ):
        saving -= _CONDA
    return saving


def _package_files(program: Program) -> int:
    """The bytes of the wheels that a COPY brings from another stage, for an install of this one."""
    found = package_files(program.machine.final, program.runtime_needs)
    makers = {event.origin: event for events in found.values() for event in events}
    modules = (installed_modules(event.effects, event.state.view) for event in makers.values())
    return PACKAGE * sum(len(made) or _FEW for made in modules)
