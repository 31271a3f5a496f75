"""Programs that start others, and programs that change nothing that matters."""

from __future__ import annotations

import posixpath

from tools.generator.simulation.accounts import ids
from tools.generator.simulation.files import Missing
from tools.generator.simulation.shell import (
    Shell,
    command,
    run_sub,
)


@command(
    "ls",
    "sleep",
    "sync",
    "date",
    "uname",
    "tail",
    "head",
    "wc",
    "true",
    "ldconfig",
    "id",
    "env_only",
    "sha256sum",
    "hostname",
    "whoami",
    "arch",
    "nproc",
)
def _nothing(shell: Shell, argv: list[str]) -> int:
    if argv[0].endswith("ls"):
        for word in [w for w in argv[1:] if not w.startswith("-")]:
            if shell.files.get(shell.path(word)) is None:
                return shell.say(f"ls: {word}")
    return 0


@command("basename")
def _basename(shell: Shell, argv: list[str]) -> int:
    name = posixpath.basename(argv[1])
    shell.out.append((name.removesuffix(argv[2]) if len(argv) > 2 else name) + "\n")
    return 0


@command("dirname")
def _dirname(shell: Shell, argv: list[str]) -> int:
    shell.out.append((posixpath.dirname(argv[1]) or ".") + "\n")
    return 0


@command("readlink", "realpath")
def _readlink(shell: Shell, argv: list[str]) -> int:
    shell.out.append(shell.files.real(shell.path(argv[-1])) + "\n")
    return 0


@command("which")
def _which(shell: Shell, argv: list[str]) -> int:
    place = shell.find(argv[-1])
    shell.out.append(f"{place}\n" if place else "")
    return int(place is None)


@command("env")
def _env(shell: Shell, argv: list[str]) -> int:
    words, env = argv[1:], shell.env
    if words[:1] == ["-S"]:
        words = [*words[1].split(), *words[2:]]
    while words and "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        env = {**env, name: value}
    return run_sub(shell, words, env=env, exported=set(env)) if words else 0


@command("sh", "bash", "dash", "ash")
def _sh(shell: Shell, argv: list[str]) -> int:
    words = argv[1:]
    text = None
    while words and words[0].startswith(("-", "+")):
        word = words.pop(0)
        if "o" in word and not word.startswith("--"):
            words.pop(0)
        if "e" in word and not word.startswith("--"):
            shell.errexit = True
        if "c" in word and not word.startswith("--"):
            text = words.pop(0)
            shell.name, shell.arguments = (words or ["sh"])[0], words[1:]
            return shell.run(text)
    if not words:
        return shell.run(shell.stdin)
    try:
        text = shell.files.text(shell.path(words[0]))
    except Missing:
        shell.say(f"{words[0]}: not found")
        return 127
    return shell.script(text, words)


@command("setcap")
def _setcap(shell: Shell, argv: list[str]) -> int:
    try:
        shell.files.change(shell.path(argv[-1]), capabilities=argv[1])
    except Missing:
        return shell.say("setcap")
    return 0


@command("tini", "dumb-init", "gosu", "su-exec", "nice", "nohup", "exec-only")
def _starter(shell: Shell, argv: list[str]) -> int:
    words = argv[1:]
    name = posixpath.basename(argv[0])
    while words and words[0].startswith("-"):
        words.pop(0)
    if name in ("gosu", "su-exec"):
        try:
            uid, gid = ids(shell.files, words.pop(0))
        except Missing:
            return shell.say(f"{name}: no such user")
        return run_sub(shell, words, uid=uid or 0, gid=gid if gid is not None else uid)
    return run_sub(shell, words)


@command("update-ca-certificates")
def _certificates(shell: Shell, argv: list[str]) -> int:
    extra = sorted(p for p in shell.files.below("/usr/local/share/ca-certificates") if p.endswith(".crt"))
    text = "roots\n" + "".join(shell.files.text(p) for p in extra)
    shell.files.add("/etc/ssl/certs/ca-certificates.crt", text)
    return 0
