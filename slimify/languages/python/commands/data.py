"""Data that Python packages download for run time: NLTK, spaCy, Playwright, and code that calls other
downloads."""

from __future__ import annotations

import re
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from slimify.facts import records
from slimify.languages.python import LANGUAGE
from slimify.languages.python.commands.environments import SITE, environment
from slimify.model.decisions import Reason
from slimify.model.effects import Action, Effect, SystemManager
from slimify.semantics.effects.call import Arg, Call
from slimify.semantics.effects.table import table_path


class _Download(Struct, frozen=True, kw_only=True):
    """Program text that downloads data for run time."""

    pattern: re.Pattern[str]
    name: str
    writes: tuple[str, ...]
    option: tuple[re.Pattern[str], ...] = ()  # the directory, if the text names it
    variable: str = ""  # the environment variable that names the directory


@cache
def _downloads() -> tuple[_Download, ...]:
    return records(LANGUAGE.facts("commands.toml")["download"], tuple[_Download, ...])


def code_downloads(call: Call, code: str) -> tuple[Effect, ...] | None:
    """The downloads of program text; None if it is not a known download."""
    for download in _downloads():
        if not download.pattern.search(code):
            continue
        named = [m[1] for option in download.option if (m := option.search(code))]
        place = call.state.get(download.variable) if download.variable else None
        action = f"{download.name} download"
        if named or place:
            writes: tuple[Arg | str, ...] = tuple(named) or (place or "",)
        else:
            writes = tuple(table_path(call, path) or Arg(value=None, text=path) for path in download.writes)
        if SITE in writes:
            return call.write_effect("install", action, manager="python", writes=environment(call))
        return call.write_effect("fetch", action, manager="python", writes=writes)
    return None


def nltk(call: Call) -> tuple[Effect, ...]:
    """python -m nltk.downloader [-d DIR] name…"""
    where = call.options(("-d", "--dir")).last("-d", "--dir") or call.word("nltk_data", "NLTK_DATA")
    return call.write_effect("fetch", "nltk download", manager="python", tool="nltk", writes=(where,))


def spacy(call: Call) -> tuple[Effect, ...]:
    """python -m spacy download MODEL installs a package; link creates a symlink between packages."""
    if call.first not in ("download", "link"):
        return call.effect("check", f"spacy {call.first}", tool="spacy")
    action, writes = f"spacy {call.first}", environment(call)
    return call.write_effect("install", action, manager="python", tool="spacy", writes=writes)


def playwright(call: Call) -> tuple[Effect, ...]:
    """playwright install: browsers; with --with-deps also system packages."""
    call = replace(call, name="playwright")
    if call.first not in ("install", "install-deps"):
        return call.effect("app", call.first, writes_anywhere=True, why=Reason.of("SL221", "browsers"))
    effects: tuple[Effect, ...] = ()
    if call.first == "install-deps" or call.flag("--with-deps"):
        why, apt = Reason.of("SL221", "browser_libraries"), SystemManager.APT
        effects += call.effect("index", manager=apt, caches=("/var/lib/apt/lists",))
        effects += call.effect(
            "packages", Action.INSTALL_DEPS, manager=apt, why=why, caches=("/var/cache/apt",)
        )
    if call.first == "install":
        folder = call.state.get("PLAYWRIGHT_BROWSERS_PATH")
        where = folder if folder and folder != "0" else call.word(".cache/ms-playwright")
        effects += call.write_effect("fetch", "playwright install", manager="playwright", writes=(where,))
    return effects
