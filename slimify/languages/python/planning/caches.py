"""The caches of Python's installers: their size, and how to keep them out of a layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from slimify.analysis.program import Program, Step
from slimify.languages.python import LANGUAGE
from slimify.languages.python.package_facts import downloaded_bytes
from slimify.languages.python.packages import requested_releases, requests_cpu_builds
from slimify.languages.python.vocabulary import PythonAction, PythonManager
from slimify.model.effects import Effect
from slimify.model.sizes import MB
from slimify.planning.estimates import estimate
from slimify.planning.in_place.cache_cleaning import CacheCleaning, deletes_caches, takes_tail
from slimify.planning.in_place.runs import is_in_block

_PIP = 12 * MB  # wheels and the pages of the index, at least, of what requires others
_CODE = 100 * MB  # of a download: it is unpacked to twice as much as libraries are, with its bytecode
_UV = 3 * MB  # of the index: wheels are linked to what is installed, and take no space of their own
_CONDA = 100 * MB  # archives and the channel index; a bare Python already has forty packages


def cache_cleanings(program: Program, step: Step, started: frozenset[str]) -> Iterable[CacheCleaning]:
    """`--no-cache-dir` for pip; the caches of pipenv, poetry and conda are removed after the last command."""
    found = _pip(step) if "pip" not in started else {}
    words = {place: text for place, (text, _) in found.items()}
    if words:
        size = sum(cache_bytes(program, effect) for _, effect in found.values())
        yield CacheCleaning(what="pip's download cache", words=words, saving=size, shared="pip")
    manager, tail = _environment_cleaner(program, step)
    if tail and manager not in started:
        filling = [e for e in step.effects if e.does("install", "python") and e.manager == manager]
        saving = 0 if words else max((cache_bytes(program, e) for e in filling), default=_CONDA)
        yield CacheCleaning(what=f"{manager}'s cache", tail=tail, saving=saving)


def cache_bytes(program: Program, effect: Effect) -> int:
    """The bytes that one command leaves in its installer's cache: what it downloads."""
    if effect.manager == PythonManager.CONDA:
        return _CONDA
    linked = effect.manager == PythonManager.UV and program.end_state.get("UV_LINK_MODE") in (None, "")
    names = {package.name for package in effect.packages}
    small = names and names <= {*LANGUAGE.words("toolchain.toml", "images", "installers")}
    least = _PIP if effect.manifests or not small else 0
    return _UV if linked else max(_downloads(program, effect), least)


def installed_bytes(program: Program, effect: Effect) -> int:
    """The bytes of what one command installs: libraries such as CUDA's are twice as large as their wheels."""
    size = _downloads(program, effect)
    return 2 * size + 2 * min(size, _CODE)


def _downloads(program: Program, effect: Effect) -> int:
    names = requested_releases(program.end_state.view, effect.packages, effect.manifests)
    return downloaded_bytes(names, cpu=requests_cpu_builds(program.end_state, effect))


def needs_mount(program: Program) -> bool:
    """Never: every step can remove its own cache."""
    return False


def mounted_bytes(program: Program) -> int:
    """The bytes that cache mounts keep out of the layers."""
    return estimate.cache_bytes(program, "python")


def _pip(step: Step) -> Mapping[tuple[int, int], tuple[str, Effect]]:
    """`pip install` -> `pip install --no-cache-dir`, for every install of the RUN that keeps a cache."""
    swap: dict[tuple[int, int], tuple[str, Effect]] = {}
    for atom in step.atoms:
        for effect in atom.effects:
            if (
                not effect.does("install", "python")
                or effect.manager != PythonManager.PIP
                or not effect.caches
                or deletes_caches(step, effect.caches)
            ):
                continue
            word = next((w for w in effect.command.words if w.value == "install"), None)
            if word is not None and is_in_block(step, atom, effect):
                swap[(word.start, word.end)] = f"{word.text} --no-cache-dir", effect
    return swap


# Variables that move or disable their caches.
_FILLING = (PythonAction.INSTALL, PythonAction.SYNC, PythonAction.UPDATE)
_LOCKED = (PythonManager.PIPENV, PythonManager.POETRY)
_OTHER_CACHE = ("PIPENV_CACHE_DIR", "PIP_CACHE_DIR", "PIP_NO_CACHE_DIR", "XDG_CACHE_HOME")


def _environment_cleaner(program: Program, step: Step) -> tuple[str, str]:
    """pipenv, poetry or conda, and the command that removes its cache after the last command of a RUN; ("",
    "") for none. Environments are outside these directories, and hold hard links of their own to conda's
    files."""
    if not takes_tail(step) or any(program.end_state.get(name) for name in _OTHER_CACHE):
        return "", ""
    for effect in step.effects:
        shown = {w.value for w in effect.command.words}
        installs = effect.does("install", "python") and effect.action in _FILLING
        if deletes_caches(step, effect.caches):
            continue
        if _fills_conda(effect):
            return "conda", f"{effect.tool} clean --all --yes"
        if not installs or effect.manager not in _LOCKED or "--clear" in shown:
            continue
        if effect.caches:
            return effect.manager, f"rm -rf {' '.join(effect.caches)}"
    return "", ""


def _fills_conda(effect: Effect) -> bool:
    """Whether it is an install of conda, mamba or micromamba. A later shell in the RUN may not have conda
    on PATH."""
    return (
        effect.does("install", "python")
        and effect.manager == PythonManager.CONDA
        and bool(effect.caches)
        and not effect.command.context
    )
