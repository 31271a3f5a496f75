"""The owner of copied files: the user who created them, with that user's primary group.

COPY --from keeps the owners of what is in a directory; only a new directory itself would be root's.
"""

from __future__ import annotations

from slimify.analysis.program import Program
from slimify.analysis.roles.model import Artifact
from slimify.facts.system import is_plain_root
from slimify.semantics.machine.content import content_at
from slimify.semantics.machine.stages import paths_touched
from slimify.semantics.paths import inside

# Options that set the primary group. In busybox adduser that is -G, which means other groups in useradd.
_GROUP = {"useradd": ("-g", "--gid"), "adduser": ("-G", "--ingroup", "--gid", "-g")}


def copy_owner(program: Program, made: Artifact) -> str:
    """`user:group` for `--chown`, "" for root and where others own what is below a directory of root's.
    Without an explicit group, COPY would use group 0."""
    name, _, group = made.user.partition(":")
    if is_plain_root(name) or _belongs_to_others(program, made.path, name):
        return ""
    return f"{name}:{group or _primary_group(program, name)}"


def _belongs_to_others(program: Program, path: str, name: str) -> bool:
    stage = program.machine.final
    top = content_at(stage, path)
    if not top.named or top.owner:
        return False
    touched = (p for number in stage.index.touching(path) for p in paths_touched(stage.events[number]))
    below = (content_at(stage, p) for p in touched if p != path and inside(p, path))
    return any(content and content.owner not in (name, None) for content in below)


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
