"""Data that Python packages download for run time: NLTK, spaCy, Playwright."""

from __future__ import annotations

from collections.abc import Callable

from slimify.languages.python.commands.environments import environment
from slimify.model.effects import Effect
from slimify.semantics.effects.call import Arg, Call


def nltk(call: Call) -> tuple[Effect, ...]:
    """python -m nltk.downloader [-d DIR] name…"""
    options = call.options(("-d", "--dir"))
    folder: Arg | str | None = (
        options.last("-d", "--dir") or call.state.get("NLTK_DATA") or call.home("nltk_data")
    )
    where = folder if folder is not None else Arg(value=None, text="~/nltk_data")
    return (call.touching("fetch", "nltk download", manager="python", tool="nltk", writes=(where,)),)


def spacy(call: Call) -> tuple[Effect, ...]:
    """python -m spacy download MODEL installs a package; link makes a link among them."""
    if call.first not in ("download", "link"):
        return (call.effect("check", f"spacy {call.first}", tool="spacy"),)
    writes, lost = environment(call)
    return (
        call.effect(
            "fetch",
            f"spacy {call.first}",
            manager="python",
            tool="spacy",
            writes=writes,
            anywhere=lost is not None,
        ),
    )


def playwright(call: Call) -> tuple[Effect, ...]:
    """playwright install: browsers; with --with-deps also system packages."""
    if call.first not in ("install", "install-deps"):
        return (call.effect("app", call.first, anywhere=True, why="runs browsers", tool="playwright"),)
    effects: list[Effect] = []
    if call.first == "install-deps" or call.flag("--with-deps"):
        effects.append(
            call.effect(
                "packages",
                "install-deps",
                manager="apt",
                tool="playwright",
                why="which libraries its browsers need",
                caches=("/var/cache/apt",),
            )
        )
    if call.first == "install":
        folder = call.state.get("PLAYWRIGHT_BROWSERS_PATH")
        where: Arg | str | None = folder if folder and folder != "0" else call.home(".cache/ms-playwright")
        if where is None:
            where = Arg(value=None, text="~/.cache/ms-playwright")
        effects.append(
            call.touching(
                "fetch",
                "playwright install",
                manager="python" if "python" in call.state.languages else "node",
                tool="playwright",
                writes=(where,),
            )
        )
    return tuple(effects)


HANDLERS: dict[str, Callable[[Call], tuple[Effect, ...]]] = {"playwright": playwright, "spacy": spacy}
