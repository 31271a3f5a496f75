"""Whose what is copied becomes: the user who made it, with that user's own group."""

from __future__ import annotations

from slimify.analysis.program import Program
from slimify.facts.system import is_plain_root

# Options that name the primary group; busybox's adduser has -G for it, which adds others in useradd.
_GROUP = {"useradd": ("-g", "--gid"), "adduser": ("-G", "--ingroup", "--gid", "-g")}


def owner(program: Program, user: str) -> str:
    """`user:group` for `--chown`, "" for root. A group that is not there silently becomes 0."""
    name, _, group = user.partition(":")
    if is_plain_root(name):
        return ""
    return f"{name}:{group or _primary(program, name)}"


def _primary(program: Program, name: str) -> str:
    """The group that the command which adds the user gives it, by default one of the user's name."""
    for effect in (e for s in program.steps for e in s.effects):
        if effect.kind != "users" or effect.action not in (f"useradd {name}", f"adduser {name}"):
            continue
        words = [w.value or "" for w in effect.command.words]
        for number, word in enumerate(words[:-1]):
            option, mark, value = word.partition("=")
            if option in _GROUP[effect.tool]:
                return (value if mark else words[number + 1]) or name
        system = "--system" in words or any(w[:1] == "-" and w[1:2] != "-" and "S" in w for w in words)
        return "nogroup" if effect.tool == "adduser" and system else name
    return name
