"""System package managers, users and groups, and commands that register something in the system."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from slimify.facts.commands import actions, values
from slimify.facts.system import is_package_file, is_silent, manager_caches
from slimify.model.decisions import Reason
from slimify.model.effects import Action, Effect, EffectKind, Package, SystemManager
from slimify.model.regex import regex
from slimify.semantics.effects.call import Arg, Call, first_value, package

_APT, _APK, _YUM = SystemManager.APT, SystemManager.APK, SystemManager.YUM
_ACCOUNTS = ("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow")
_CLEANS_LISTS = frozenset({"distclean", "dist-clean"})
_VERSION = regex(r"[=~<>@].*\Z")


def apt(call: Call) -> tuple[Effect, ...]:
    action, words = call.options(values("apt")).verb
    kind = actions("apt").get(action)
    if kind is None:
        return _unknown_action(call, action)
    if action == "build-dep":
        why = Reason.of("SL221", "build_dep", package=", ".join(word.shown for word in words))
        return call.effect(kind, action, manager=_APT, why=why)
    return _manager_effects(call, _APT, kind, action, words, _apt_name)


def _apt_name(text: str) -> str:
    """Debian: name[:arch][=version][/suite]. The path of a .deb is returned unchanged."""
    if text.startswith(("./", "/", "../")) or text.endswith(".deb"):
        return text
    return re.sub(r"[=/:].*\Z|(?<=[a-z0-9.])[-]\Z", "", text)


def apt_shortcut(call: Call) -> tuple[Effect, ...]:
    """bitnami's install_packages, Kubernetes' clean-install: update, install and clean in one command."""
    words = call.options().operands
    installs = _manager_effects(call, _APT, "packages", Action.INSTALL, words, _apt_name)
    return (*lists_update(call), *(replace(effect, asks=False) for effect in installs))


def lists_update(call: Call) -> tuple[Effect, ...]:
    """What `apt-get update` does, by a program that calls it."""
    return call.effect("index", "update", manager=_APT, caches=("/var/lib/apt/lists",))


def apk(call: Call) -> tuple[Effect, ...]:
    options = call.options(values("apk"))
    action, words = options.verb
    kind = actions("apk").get(action)
    if kind is None:
        return _unknown_action(call, action)
    virtual = options.last("-t", "--virtual")
    group = virtual.shown if virtual is not None and action == "add" else ""
    label = f"{action} --virtual {group}" if group else action
    return _manager_effects(call, _APK, kind, label, words, lambda text: _VERSION.sub("", text), group)


def yum(call: Call) -> tuple[Effect, ...]:
    """yum, dnf and zypper."""
    action, words = call.options(values("yum")).verb
    kind = actions("yum").get(action)
    if kind is None:
        return _unknown_action(call, action)
    if action in ("group", "groups"):
        kind = "packages" if first_value(words[:1]) == "install" else "check"
        words = words[1:]
    manager = "zypper" if call.name == "zypper" else _YUM
    return _manager_effects(call, manager, kind, action, words, lambda text: text)


_NAMING = ("install", "add")  # they install what their words name


def _manager_effects(
    call: Call,
    manager: str,
    kind: EffectKind,
    action: str,
    words: Iterable[Arg],
    name: Callable[[str], str],
    group: str = "",
) -> tuple[Effect, ...]:
    packages: list[Package] = []
    words, why = tuple(words), None
    if kind == "packages" and not words and action in _NAMING and not call.flag("-f", "--fix-broken"):
        return call.effect("check", action)
    if kind in ("packages", "unpackage"):
        for word in words:
            if word.value is None:
                why = why or Reason.of("SL221", "packages", word=word.text)
                packages.append(package(word, ""))
            elif word.value:
                packages.append(package(word, name(word.value)))
    caches = manager_caches(manager)
    rest: dict[str, object] = {"subject": group}
    if kind == "index":
        rest["caches"] = ("/var/lib/apt/lists",) if manager == _APT else caches
    elif kind == "packages":
        rest["caches"] = () if manager == _APK and call.flag("--no-cache") else caches
        rest["asks"] = not is_silent(manager, (a.value or "" for a in call.args))
        rest["reads"] = call.known_paths(tuple(w for w in words if w.value and _is_file(w.value)))
    elif kind == "cache":
        # apt clean keeps the package lists, apt distclean deletes them
        rest["deletes"] = caches if manager != _APT or action in _CLEANS_LISTS else ("/var/cache/apt",)
    elif kind == "fetch":
        rest["writes"] = (call.state.cwd,) if call.state.cwd else ()
    elif kind == "source":
        rest["writes"] = ("/etc/apt/sources.list.d",) if manager == _APT else ("/etc/yum.repos.d",)
    return call.effect(kind, action, manager=manager, packages=tuple(packages), why=why, **rest)


def _is_file(word: str) -> bool:
    """Whether a word of an install names a package file rather than a package."""
    return word.startswith((".", "/")) or is_package_file(word)


def _unknown_action(call: Call, action: str) -> tuple[Effect, ...]:
    if not action and not any(arg.value is None for arg in call.args):
        return call.effect("check")
    return call.unknown(Reason.of("SL221", "command", command=f"{call.name} {action}".strip()))


def new_user(call: Call) -> tuple[str, Arg | str | None, bool]:
    """Name and home directory of a new user (useradd, adduser), and whether the home directory is created.
    The name is "" if it is not static.

    adduser of busybox creates the home directory unless -H is given, adduser of Debian unless
    --no-create-home or --system. useradd needs -m; login.defs of Debian and Red Hat differ, so -M counts too.
    """
    options = call.options(values("useradd"))
    names = [arg.value for arg in options.operands]
    name = (names[-1] if call.name == "useradd" else names[0]) if names else None
    if not name:
        return "", None, False
    home: Arg | str | None = options.last("-d", "--home", "--home-dir")
    if call.name == "useradd":
        made = options.has("-m", "--create-home") or (
            call.state.manager in (_YUM, SystemManager.DNF, SystemManager.MICRODNF)
            and not options.has("-M", "-r")
        )
        base = options.value("-b", "--base-dir") or "/home"
        return name, home if home is not None else f"{base}/{name}", made
    home = home if home is not None else options.last("-h")
    if options.has("--system") and home is None and call.state.manager == _APT:
        return name, None, False
    made = not options.has("-H", "--no-create-home")
    return name, home if home is not None else f"/home/{name}", made


def useradd(call: Call) -> tuple[Effect, ...]:
    files: tuple[Arg | str, ...] = (*_ACCOUNTS, "/etc/subuid", "/etc/subgid")
    name, home, made = new_user(call)
    if made and home is not None:
        files = (*files, home)
    why = {} if name else {"why": Reason.of("SL221", "name")}
    return call.write_effect("users", f"{call.name} {name}".strip(), subject=name, writes=files, **why)


def userdel(call: Call) -> tuple[Effect, ...]:
    operands = call.options().operands
    action = f"{call.name} {first_value(operands[:1])}".strip()
    home = (
        call.state.home_of(operands[0].value or "?")
        if operands and call.flag("-r", "--remove", "--remove-home")
        else None
    )
    return call.effect("users", action, writes=_ACCOUNTS, deletes=(home,) if home else ())
