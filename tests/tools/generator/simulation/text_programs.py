"""Programs that read and change texts, unpack archives and find files."""

from __future__ import annotations

import io
import posixpath
import re
import tarfile
from fnmatch import fnmatchcase

from tools.generator.simulation.files import Files, Missing, Node
from tools.generator.simulation.options import split_options
from tools.generator.simulation.shell import (
    Shell,
    Unmodelled,
    command,
)


@command("cat")
def _cat(shell: Shell, argv: list[str]) -> int:
    for word in argv[1:] or ["-"]:
        try:
            shell.out.append(shell.stdin if word == "-" else shell.files.text(shell.path(word)))
        except Missing:
            return shell.say(f"cat: {word}")
    return 0


@command("tee")
def _tee(shell: Shell, argv: list[str]) -> int:
    flags, _, words = split_options(argv, "a")
    for word in words:
        path = shell.path(word)
        old = shell.files.text(path) if "a" in flags and shell.files.is_file(path) else ""
        try:
            shell.files.write(path, old + shell.stdin, uid=shell.uid, gid=shell.gid)
        except Missing:
            return shell.say(f"tee: {word}")
    shell.out.append(shell.stdin)
    return 0


@command("sed")
def _sed(shell: Shell, argv: list[str]) -> int:
    flags, named, words = split_options(argv, "i E n", "e")
    script = named.get("e") or words.pop(0)
    match = re.fullmatch(r"s([/|#,])(.*?)\1(.*?)\1(g?)", script)
    if not match:
        raise Unmodelled(f"sed {script}")

    def change(text: str) -> str:
        lines = text.splitlines(keepends=True)
        return "".join(
            re.sub(match[2], match[3].replace("\\", r"\\"), x, count=0 if match[4] else 1) for x in lines
        )

    if not words:
        shell.out.append(change(shell.stdin))
    for word in words:
        try:
            text = change(shell.files.text(shell.path(word)))
        except Missing:
            return shell.say(f"sed: {word}")
        if "i" in flags:
            shell.files.write(shell.path(word), text)
        else:
            shell.out.append(text)
    return 0


@command("grep")
def _grep(shell: Shell, argv: list[str]) -> int:
    flags, _, words = split_options(argv, "q s F E v")
    pattern, texts = words[0], [shell.stdin]
    if words[1:]:
        texts = [shell.files.text(p) for p in map(shell.path, words[1:]) if shell.files.is_file(p)]
    lines = [x for t in texts for x in t.splitlines() if bool(re.search(pattern, x)) != ("v" in flags)]
    if "q" not in flags:
        shell.out += [line + "\n" for line in lines]
    return int(not lines)


def unpack(files: Files, data: bytes, target: str, strip: int = 0, uid: int = 0, gid: int = 0) -> None:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive.getmembers():
            name = "/".join(member.name.removeprefix("./").split("/")[strip:])
            if not name:
                continue
            place = posixpath.join(target, name)
            files.make_directories(posixpath.dirname(place))
            if member.isdir():
                files.make_directories(place)
                files.change(place, mode=member.mode)
            elif member.issym():
                files.put(place, Node("link", member.linkname.encode(), 0o777, uid, gid))
            else:
                content = archive.extractfile(member)
                files.put(place, Node("file", content.read() if content else b"", member.mode, uid, gid))


@command("tar")
def _tar(shell: Shell, argv: list[str]) -> int:
    first = argv[1] if argv[1].startswith("-") else "-" + argv[1]
    flags, named, _words = split_options([argv[0], first, *argv[2:]], "x z v j J p", "f C strip-components")
    if "x" not in flags:
        raise Unmodelled(f"tar {argv}")
    try:
        data = shell.files.read(shell.path(named["f"]))
        target = shell.path(named.get("C", "."))
        if not shell.files.is_directory(target):
            raise Missing(target)
        unpack(shell.files, data, target, int(named.get("strip-components", 0)), shell.uid, shell.gid)
    except Missing as error:
        return shell.say(f"tar: {error}")
    return 0


@command("find")
def _find(shell: Shell, argv: list[str]) -> int:
    words = argv[1:]
    places = []
    while words and not words[0].startswith(("-", "(", "!", "\\")):
        places.append(shell.path(words.pop(0)))
    names, kinds, rest = [], [], list(words)
    delete, execute, recursive_rm = False, [], False
    while rest:
        word = rest.pop(0)
        if word in ("-name", "-iname"):
            names.append(rest.pop(0))
        elif word == "-type":
            kinds.append(rest.pop(0))
        elif word in ("-depth", "-o", "-prune", "(", ")", "-print", "-a", "-xdev"):
            continue
        elif word in ("-maxdepth", "-mindepth"):
            rest.pop(0)
        elif word == "-delete":
            delete = True
        elif word == "-exec":
            end = next(i for i, w in enumerate(rest) if w in (";", "+"))
            execute, rest = rest[:end], rest[end + 1 :]
            recursive_rm = execute[:1] == ["rm"]
        else:
            raise Unmodelled(f"find {argv}")
    status = 0
    for place in places:
        if shell.files.get(place) is None:
            status = shell.say(f"find: {place}")
            continue
        for path in reversed([place, *shell.files.below(shell.files.real(place))]):
            node = shell.files.nodes.get(path)
            if node is None or (names and not _named(path, names)) or (kinds and _letter(node) not in kinds):
                continue
            if delete or recursive_rm:
                shell.files.remove(path)
            elif execute:
                status = shell.child().start([path if w == "{}" else w for w in execute]) or status
            else:
                shell.out.append(path + "\n")
    return status


def _named(path: str, names: list[str]) -> bool:
    return any(fnmatchcase(posixpath.basename(path), n) for n in names)


def _letter(node: Node) -> str:
    return {"file": "f", "directory": "d", "link": "l"}[node.kind]


@command("xargs")
def _xargs(shell: Shell, argv: list[str]) -> int:
    words = [w for w in argv[1:] if w not in ("-r", "-0", "-n", "1")]
    if words[0] == "-a":
        shell.stdin = shell.files.text(shell.path(words[1]))
        words = words[2:]
    given = shell.stdin.replace("\0", " ").split()
    return shell.child().start([*words, *given]) if given else 0
