"""The owner of copied files: the user who created them, with that user's primary group."""

from __future__ import annotations

from slimify.analysis.program import Program
from slimify.facts.system import is_plain_root

# Options that set the primary group. In busybox adduser that is -G, which means other groups in useradd.
_GROUP = {"useradd": ("-g", "--gid"), "adduser": ("-G", "--ingroup", "--gid", "-g")}


def copy_owner(program: Program, user: str) -> str:
    """`user:group` for `--chown`, "" for root. Without an explicit group, COPY would use group 0."""
    name, _, group = user.partition(":")
    if is_plain_root(name):
        return ""
    return f"{name}:{group or _primary_group(program, name)}"


def _primary_group(program: Program, name: str) -> str:
    """The group given by the command that creates the user; by default a group of the user's name."""
    for effect in program.effects:
        if effect.kind != "users" or effect.tool not in _GROUP or effect.subject != name:
            continue
        words = [w.value or "" for w in effect.command.words]
        for number, word in enumerate(words[:-1]):
            option, mark, value = word.partition("=")
            if option in _GROUP[effect.tool]:
                return (value if mark else words[number + 1]) or name
        system = "--system" in words or any(w[:1] == "-" and w[1:2] != "-" and "S" in w for w in words)
        return "nogroup" if effect.tool == "adduser" and system else name
    return name
