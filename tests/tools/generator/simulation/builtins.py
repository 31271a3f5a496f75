"""What a shell does itself."""

from __future__ import annotations

import re

from tools.generator.simulation.files import Missing
from tools.generator.simulation.shell import (
    Leave,
    Return,
    Shell,
    Unmodelled,
    builtin,
)
from tools.generator.simulation.shell_grammar import parse_shell


@builtin(":", "true", "ulimit", "trap", "wait", "hash")
def _true(shell: Shell, argv: list[str]) -> int:
    return 0


@builtin("false")
def _false(shell: Shell, argv: list[str]) -> int:
    return 1


@builtin("echo")
def _echo(shell: Shell, argv: list[str]) -> int:
    words = argv[1:]
    end = "\n"
    if words[:1] == ["-n"]:
        words, end = words[1:], ""
    text = " ".join(words)
    if shell.interprets_echo:
        text = text.replace("\\n", "\n").replace("\\t", "\t")
    shell.out.append(text + end)
    return 0


@builtin("printf")
def _printf(shell: Shell, argv: list[str]) -> int:
    form = argv[1].replace("\\n", "\n").replace("\\t", "\t")
    count = len(re.findall(r"%[sd]", form))
    values = argv[2:]
    while True:
        taken, values = values[:count], values[count:]
        text = form
        for value in [*taken, *[""] * (count - len(taken))]:
            text = re.sub(r"%[sd]", lambda _, v=value: v, text, count=1)
        shell.out.append(text)
        if not values or not count:
            return 0


@builtin("cd")
def _cd(shell: Shell, argv: list[str]) -> int:
    word = argv[1] if len(argv) > 1 else shell.env.get("HOME", "/")
    target = shell.env.get("OLDPWD", "") if word == "-" else shell.path(word)
    if not shell.files.is_directory(target):
        return shell.say(f"cd: {target}")
    shell.env["OLDPWD"], shell.cwd = shell.cwd, target
    return 0


@builtin("pwd")
def _pwd(shell: Shell, argv: list[str]) -> int:
    shell.out.append(shell.cwd + "\n")
    return 0


@builtin("export", "local", "readonly")
def _export(shell: Shell, argv: list[str]) -> int:
    for word in argv[1:]:
        name, equals, value = word.partition("=")
        if equals:
            shell.env[name] = value
        if argv[0] == "export":
            shell.exported.add(name)
    return 0


@builtin("unset")
def _unset(shell: Shell, argv: list[str]) -> int:
    for name in argv[1:]:
        shell.env.pop(name, None)
    return 0


@builtin("set")
def _set(shell: Shell, argv: list[str]) -> int:
    words = argv[1:]
    if words[:1] == ["--"]:
        shell.arguments = words[1:]
    for word in words:
        if re.match(r"-\w*e", word):
            shell.errexit = True
        elif re.match(r"\+\w*e", word):
            shell.errexit = False
    return 0


@builtin("shift")
def _shift(shell: Shell, argv: list[str]) -> int:
    shell.arguments = shell.arguments[1:]
    return 0


@builtin("umask")
def _umask(shell: Shell, argv: list[str]) -> int:
    shell.umask = int(argv[1], 8)
    return 0


@builtin("exit")
def _exit(shell: Shell, argv: list[str]) -> int:
    raise Leave(int(argv[1]) if len(argv) > 1 else shell.status)


@builtin("return")
def _return(shell: Shell, argv: list[str]) -> int:
    raise Return(int(argv[1]) if len(argv) > 1 else shell.status)


@builtin("exec")
def _exec(shell: Shell, argv: list[str]) -> int:
    raise Leave(shell.start(argv[1:])) if argv[1:] else Leave(0)


@builtin(".", "source")
def _source(shell: Shell, argv: list[str]) -> int:
    try:
        text = shell.files.text(shell.path(argv[1]))
    except Missing:
        shell.say(f"{argv[1]}: not found")
        raise Leave(2) from None
    return shell.execute(parse_shell(text))


@builtin("eval")
def _eval(shell: Shell, argv: list[str]) -> int:
    return shell.execute(parse_shell(" ".join(argv[1:])))


@builtin("command", "type")
def _command(shell: Shell, argv: list[str]) -> int:
    words = argv[1:]
    if words[:1] in (["-v"], ["-V"]) or argv[0] == "type":
        place = shell.find(words[-1])
        shell.out.append(f"{place}\n" if place else "")
        return 0 if place else 1
    return shell.call(words)


@builtin("test", "[")
def _test(shell: Shell, argv: list[str]) -> int:
    words = argv[1:-1] if argv[0] == "[" else argv[1:]
    if words[:1] == ["!"]:
        return int(not _test(shell, ["test", *words[1:]]))
    if "-a" in words:
        at = words.index("-a")
        return _test(shell, ["test", *words[:at]]) or _test(shell, ["test", *words[at + 1 :]])
    if len(words) == 3:
        left, operator, right = words
        if operator in ("=", "=="):
            return int(left != right)
        if operator == "!=":
            return int(left == right)
        numbers = {"-eq": "==", "-gt": ">", "-lt": "<", "-ne": "!=", "-ge": ">="}
        if operator in numbers:
            a, b = int(left), int(right)
            return int(
                not {"-eq": a == b, "-gt": a > b, "-lt": a < b, "-ne": a != b, "-ge": a >= b}[operator]
            )
    if len(words) == 2:
        path = shell.path(words[1])
        node = shell.files.get(path)
        found = {
            "-f": node is not None and node.kind == "file",
            "-d": node is not None and node.kind == "directory",
            "-e": node is not None,
            "-r": node is not None and shell.allowed(node, 4),
            "-x": node is not None and shell.allowed(node, 1),
            "-w": node is not None and shell.allowed(node, 2),
            "-s": node is not None and bool(node.data),
            "-L": shell.files.get(path, follow=False) is not None
            and shell.files.get(path, follow=False).kind == "link",  # type: ignore[union-attr]
            "-n": bool(words[1]),
            "-z": not words[1],
        }
        if words[0] in found:
            return int(not found[words[0]])
    if len(words) == 1:
        return int(not words[0])
    raise Unmodelled(f"test {words}")
