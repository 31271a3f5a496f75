"""bundle, gem, and the programs that run the application: see `Commands` in slimify/languages/parts.py."""

from __future__ import annotations

from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.semantics.effects.call import Arg, Call, package

_GEMS = "/usr/local/bundle"  # GEM_HOME of the official images


def _gems(call: Call) -> str:
    return call.state.get("BUNDLE_PATH") or call.state.get("GEM_HOME") or _GEMS


def bundle(call: Call) -> tuple[Effect, ...]:
    if call.first == "exec":
        return call.start(call.args[[a.value for a in call.args].index("exec") + 1 :])
    if call.first == "config":
        if any(a.value in ("path", "deployment") for a in call.args):
            return call.unknown(Reason.of("SL221", "effect", why="where Bundler puts gems"))
        return call.write_effect("install", "config", manager="bundler", writes=(f"{_gems(call)}/config",))
    if call.first in ("", "install"):
        options = call.options(("--path", "--jobs", "-j", "--without", "--with", "--gemfile", "--retry"))
        where: Arg | str = options.last("--path") or _gems(call)
        manifest = options.last("--gemfile") or "Gemfile"
        return call.write_effect(
            "install",
            "install",
            manager="bundler",
            writes=(where,),
            manifests=call.known_paths((manifest,)),
            reads=call.known_paths(("Gemfile.lock",)),
            caches=(f"{_gems(call)}/cache",),
        )
    return call.effect("check", call.first)


def gem(call: Call) -> tuple[Effect, ...]:
    if call.first not in ("install", "i"):
        return call.effect("check", call.first)
    names = call.options(("-v", "--version", "-i", "--install-dir")).operands[1:]
    packages = tuple(package(name, name.shown.partition(":")[0]) for name in names)
    gems = _gems(call)
    return call.write_effect(
        "install", "install", manager="gem", packages=packages, writes=(gems,), caches=(f"{gems}/cache",)
    )


def runs(call: Call) -> tuple[Effect, ...]:
    return call.application_code(call.first)
