"""The Go command."""

from __future__ import annotations

import json
import posixpath
import re

from tools.generator.simulation.shell import (
    Shell,
    Unmodelled,
    command,
    program,
)


@command("go")
def _go(shell: Shell, argv: list[str]) -> int:
    action, words = argv[1], argv[2:]
    if action == "mod" and words[0] == "init":
        shell.files.write(shell.path("go.mod"), f"module {words[1]}\n\ngo 1.24\n")
    if action in ("mod", "vet", "env", "fmt", "version", "clean", "test"):
        return 0
    if action == "install" and "@" in words[-1]:
        name = posixpath.basename(words[-1].partition("@")[0])
        shell.files.add(f"{shell.env.get('GOPATH', '/root/go')}/bin/{name}", program(name), 0o755)
        return 0
    if action == "generate":
        return _generate(shell, words or ["."])
    if action not in ("build", "install", "run"):
        raise Unmodelled(f"{argv}")
    output, flags, packages = "", "", []
    while words:
        word = words.pop(0)
        if word == "-o":
            output = words.pop(0)
        elif word in ("-ldflags", "-tags", "-mod", "-gcflags", "-asmflags"):
            flags += words.pop(0)
        elif word.startswith("-"):
            flags += word if word.startswith("-ldflags=") else ""
        else:
            packages.append(word)
    return _go_build(shell, action, output, flags, packages or ["."])


def _go_build(shell: Shell, action: str, output: str, flags: str, packages: list[str]) -> int:
    root = shell.cwd
    while not shell.files.is_file(f"{root}/go.mod"):
        if root == "/":
            return shell.say("go: no go.mod")
        root = posixpath.dirname(root)
    found = _go_packages(shell, packages)
    by_file = any(package.endswith(".go") for package in packages)  # which `//go:build ignore` does not hide
    wanted = found if by_file else [place for place in found if _is_main(shell, place)]
    if not wanted:
        return shell.say(f"go: no package in {packages}")
    directory = output.endswith("/") or (output and shell.files.is_directory(shell.path(output)))
    if output and len(found) > 1 and not directory:
        return shell.say(f"go: cannot write multiple packages to non-directory {output}")
    several = len(found) > 1 or directory
    for place in wanted:
        data = _go_program(shell, root, place, flags)
        if isinstance(data, str):
            return shell.say(data)
        name = posixpath.basename(place)
        if place == root:
            module = re.search(r"(?m)^module (\S+)", shell.files.text(f"{root}/go.mod"))
            name = posixpath.basename(re.sub(r"/v\d+$", "", module[1])) if module else name
        if action == "run":
            shell.files.add("/tmp/go-run", data, 0o755)
            return shell.start(["/tmp/go-run"])
        if action == "install":
            root_of_go = shell.env.get("GOPATH") or shell.env.get("HOME", "/root") + "/go"
            end = posixpath.join(shell.env.get("GOBIN") or f"{root_of_go}/bin", name)
            shell.files.make_directories(posixpath.dirname(end))
        else:
            end = shell.path(output) if output else f"{shell.cwd}/{name}"
            end = posixpath.join(end, name) if several else end
        if not output and several and action == "build":
            continue
        shell.files.make_directories(posixpath.dirname(end), uid=shell.uid, gid=shell.gid)
        shell.files.write(end, data, uid=shell.uid, gid=shell.gid, mode=0o755)
        shell.files.change(end, mode=0o755)
    shell.files.add(f"{shell.env.get('HOME', '/root')}/.cache/go-build/cache", b"cache")
    return 0


def _generate(shell: Shell, packages: list[str]) -> int:
    """Runs what `//go:generate` lines say, in the directories of their files."""
    for place in _go_packages(shell, packages):
        for text in _sources(shell, place).values():
            for line in re.findall(r"(?m)^//go:generate (.*)", text):
                if status := shell.child(cwd=place).start(line.split()):
                    return status
    return 0


def _go_packages(shell: Shell, packages: list[str]) -> list[str]:
    found = []
    for package in packages:
        if package.endswith(".go"):
            found.append(posixpath.dirname(shell.path(package)))
        elif package.endswith("/..."):
            top = shell.path(package[:-4] or ".")
            below = [top, *(p for p in shell.files.below(top) if shell.files.nodes[p].kind == "directory")]
            found += [
                p
                for p in below
                if _sources(shell, p) and not re.search(r"/(vendor|testdata|[._][^/]*)(/|$)", p[len(top) :])
            ]
        elif shell.files.is_directory(shell.path(package)):
            found.append(shell.path(package))
    return list(dict.fromkeys(found))


def _sources(shell: Shell, place: str) -> dict[str, str]:
    names = [n for n in shell.files.names(place) if n.endswith(".go") and not n.endswith("_test.go")]
    return {f"{place}/{n}": shell.files.text(f"{place}/{n}") for n in names}


def _is_main(shell: Shell, place: str) -> bool:
    return any(
        re.search(r"(?m)^package main", text) and not text.startswith("//go:build ignore")
        for text in _sources(shell, place).values()
    )


def _go_program(shell: Shell, root: str, place: str, flags: str) -> bytes | str:
    """A compiled program: its source with what was embedded, or why it does not compile."""
    module = re.search(r"(?m)^module (\S+)", shell.files.text(f"{root}/go.mod"))
    assert module is not None
    texts = _sources(shell, place)
    queue = list(texts.values())
    dynamic = False
    embedded: dict[str, str] = {}
    while queue:
        text = queue.pop()
        for imported in re.findall(r'(?m)^(?:import )?\s*"([\w./-]+)"', text):
            place_of = _package_of(shell, root, module[1], imported)
            if place_of:
                inner = _sources(shell, place_of)
                if not inner:
                    return f"go: {imported} is missing"
                queue += inner.values()
            dynamic = dynamic or imported in ("net", "net/http", "os/user")
        for pattern in re.findall(r"(?m)^//go:embed (\S+)", text):
            found = shell.files.glob(f"{place}/{pattern}")
            if not found:
                return f"go: nothing to embed: {pattern}"
            embedded[pattern] = "".join(shell.files.text(p) for p in found if shell.files.is_file(p))
    cgo = shell.env.get("CGO_ENABLED")
    with_c = any('import "C"' in text for text in texts.values())
    if with_c and (cgo == "0" or shell.find("gcc") is None):
        return "go: cgo is needed"
    dynamic = dynamic or with_c
    dynamic = dynamic and cgo != "0" and (cgo == "1" or shell.find("gcc") is not None)
    libc = "musl" if shell.files.is_file("/lib/musl") else "glibc"
    defined = dict(re.findall(r"-X (?:main|[\w./]+)\.(\w+)=(\S+?)['\"]?(?= |$)", flags))
    defined |= {"answer": "yes"} if with_c else {}
    linked = libc if dynamic else ""
    head = json.dumps({"linked": linked, "embedded": embedded, "defined": defined})
    main = next(text for text in texts.values() if "func main()" in text)
    return b"\x7fGO " + head.encode() + b"\n" + main.encode()


def _package_of(shell: Shell, root: str, module: str, imported: str) -> str:
    """The directory of a package of the project, or of a module that lies in it."""
    if imported.startswith(module + "/"):
        return root + imported[len(module) :]
    if replaced := re.search(
        rf"(?m)^replace {re.escape(imported)} => (\S+)", shell.files.text(f"{root}/go.mod")
    ):
        return posixpath.normpath(posixpath.join(root, replaced[1]))
    if shell.files.is_file(f"{root}/go.work"):
        for place in re.findall(r"(?m)^\s*(\./\w+)$", shell.files.text(f"{root}/go.work")):
            text = shell.files.text(f"{root}/{place}/go.mod")
            if imported == text.split()[1]:
                return posixpath.normpath(f"{root}/{place}")
    vendored = f"{root}/vendor/{imported}"
    return vendored if imported.startswith("example.com/") or shell.files.is_directory(vendored) else ""
