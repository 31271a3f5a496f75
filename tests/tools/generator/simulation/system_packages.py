"""The package managers of distributions."""

from __future__ import annotations

import json
import re

from tools.generator.simulation.bases import ALPINE, DEBIAN, RENAMED, closure, install, installed, remove
from tools.generator.simulation.options import split_options
from tools.generator.simulation.shell import (
    Shell,
    Unmodelled,
    command,
)

LISTS = "/var/lib/apt/lists/deb.list"
_INDEX = "/var/cache/apk/index"
UPGRADED = "/var/lib/upgraded"
_RECOMMENDING = {
    "cron",
    "git",
    "wget",
    "libcurl4",
    "libcurl3-gnutls",
}  # they recommend ca-certificates (packages.debian.org)


@command("apt-get", "apt", "aptitude")
def _apt(shell: Shell, argv: list[str]) -> int:
    known = "y yes q qq no-install-recommends assume-yes purge auto-remove allow-downgrades fix-missing f V"
    flags, _, words = split_options([w for w in argv if not w.startswith("-o")], known, "t o")
    if shell.uid:
        return shell.say("apt-get: are you root?")
    action, names = words[0], [w.partition("=")[0] for w in words[1:]]
    if action == "update":
        shell.files.add(LISTS, b"lists")
    elif action == "install":
        if "no-install-recommends" not in flags and _RECOMMENDING.intersection(
            closure(_known(names), DEBIAN)
        ):
            names.append("ca-certificates")
        return _apt_install(shell, names, bool(flags & {"y", "yes", "qq", "assume-yes"}))
    elif action in ("remove", "purge", "autoremove"):
        if not flags & {"y", "yes", "qq", "assume-yes"}:
            return shell.say("apt-get asks")
        lost = set(names) - installed(shell.files)
        if lost and not shell.files.is_file(LISTS):  # it knows the names of lists and of what is installed
            return shell.say(f"apt-get: unable to locate {sorted(lost)}")
        remove(shell.files, set(names), DEBIAN)
        for name in ("python3", "gcc"):
            if action == "autoremove" and names and name in names:
                remove(shell.files, {name}, DEBIAN)
    elif action in ("upgrade", "dist-upgrade"):
        if shell.files.is_file(LISTS):  # without lists it finds nothing to do
            shell.files.add(UPGRADED, b"packages")
    elif action not in ("clean", "autoclean"):
        raise Unmodelled(f"{argv}")
    return 0


def _known(names: list[str]) -> list[str]:
    return [name for name in names if name in DEBIAN]


def _apt_install(shell: Shell, names: list[str], yes: bool) -> int:
    renamed = [n for n in names if n in RENAMED]
    if renamed and "trixie" not in shell.files.text("/etc/os-release"):
        return shell.say(f"apt-get: unable to locate {renamed}")
    names = [RENAMED.get(n, n) for n in names]
    unknown = [n for n in names if n not in DEBIAN]
    if unknown:
        raise Unmodelled(f"Debian package {unknown}")
    new = set(closure(names, DEBIAN)) - installed(shell.files)
    if new and not shell.files.is_file(LISTS):
        return shell.say(f"apt-get: unable to locate {sorted(new)}")
    if new - set(names) and not yes:
        return shell.say("apt-get asks")
    install(shell.files, names, DEBIAN)
    return 0


@command("apk")
def _apk(shell: Shell, argv: list[str]) -> int:
    flags, named, words = split_options(
        argv, "no-cache q U update purge no-progress", "t virtual X repository"
    )
    action, names = words[0], [re.split("[=~<>@]", w)[0] for w in words[1:]]
    group = named.get("t") or named.get("virtual")
    world = "/etc/apk/groups"
    groups = json.loads(shell.files.text(world)) if shell.files.is_file(world) else {}
    if action == "add":
        unknown = [n for n in names if n not in ALPINE]
        if unknown:
            raise Unmodelled(f"Alpine package {unknown}")
        new = sorted(set(closure(names, ALPINE)) - installed(shell.files))
        install(shell.files, names, ALPINE)
        if group:
            groups[group] = new
        else:
            groups.setdefault("", []).extend(closure(names, ALPINE))
    elif action == "del":
        kept = {p for name, group in groups.items() if name not in names for p in group}
        gone = {
            p for name in names for p in groups.pop(name, closure([name], ALPINE) if name in ALPINE else [])
        }
        remove(shell.files, gone - kept, ALPINE)
    elif action == "upgrade" and (flags & {"no-cache", "U", "update"} or shell.files.is_file(_INDEX)):
        shell.files.add(UPGRADED, b"packages")
    elif action == "update":
        shell.files.add(_INDEX, b"index")
    elif action not in ("upgrade", "cache", "info"):
        raise Unmodelled(f"{argv}")
    shell.files.add(world, json.dumps(groups))
    return 0
