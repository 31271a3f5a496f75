"""Modes and owners of files."""

from __future__ import annotations

import re
from dataclasses import replace

from tools.generator.simulation.accounts import ids
from tools.generator.simulation.files import Missing
from tools.generator.simulation.shell import (
    Shell,
    Unmodelled,
    command,
)


def changed_mode(mode: int, text: str, directory: bool) -> int:
    if re.fullmatch(r"[0-7]+", text):
        return int(text, 8)
    for part in text.split(","):
        if taken := re.fullmatch(r"([go])=u", part):
            shift = {"g": 3, "o": 0}[taken[1]]
            mode = mode & ~(7 << shift) | (mode >> 6 & 7) << shift
            continue
        match = re.fullmatch(r"([ugoa]*)([+=-])([rwxXst]*)", part)
        if not match:
            raise Unmodelled(f"chmod {text}")
        bits = 0
        for who in (match[1] or "a").replace("a", "ugo"):
            shift = {"u": 6, "g": 3, "o": 0}[who]
            for letter in match[3]:
                if letter == "X" and not (directory or mode & 0o111):
                    continue
                if letter == "s":
                    bits |= {"u": 0o4000, "g": 0o2000, "o": 0}[who]
                elif letter == "t":
                    bits |= 0o1000
                else:
                    bits |= {"r": 4, "w": 2, "x": 1, "X": 1}[letter] << shift
        mode = mode | bits if match[2] == "+" else mode & ~bits if match[2] == "-" else bits
    return mode


def _targets(shell: Shell, words: list[str], recursive: bool) -> list[str] | None:
    found = []
    for word in words:
        path = shell.path(word)
        if shell.files.get(path) is None:
            return None
        place = shell.files.real(path)
        found += [place, *(shell.files.below(place) if recursive else ())]
    return found


@command("chmod")
def _chmod(shell: Shell, argv: list[str]) -> int:
    words = [w for w in argv[1:] if w not in ("-R", "-f", "-v", "--recursive")]
    places = _targets(shell, words[1:], "-R" in argv or "--recursive" in argv)
    if places is None:
        return shell.say(f"chmod: {words}")
    for place in places:
        node = shell.files.nodes[place]
        if node.kind != "link":
            shell.files.change(place, mode=changed_mode(node.mode, words[0], node.kind == "directory"))
    return 0


@command("chown", "chgrp")
def _chown(shell: Shell, argv: list[str]) -> int:
    words = [w for w in argv[1:] if w not in ("-R", "-f", "-v", "-h", "--recursive")]
    places = _targets(shell, words[1:], "-R" in argv or "--recursive" in argv)
    try:
        uid, gid = ids(shell.files, ":" * (argv[0] == "chgrp") + words[0])
    except Missing:
        places = None
    if places is None or shell.uid:
        return shell.say(f"chown: {words}")
    for place in places:
        node = shell.files.nodes[place]
        new = replace(node, uid=node.uid if uid is None else uid, gid=node.gid if gid is None else gid)
        shell.files.nodes[place] = replace(
            new, capabilities="", mode=new.mode & ~0o6000 if new.kind == "file" else new.mode
        )
    return 0
