"""go.mod, go.work and vendored modules.

In: a `Context` and a directory; out: a `GoModule`. Syntax as in go.dev/ref/mod.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cache
from typing import Literal

from msgspec import Struct, convert

from slimify.context.scan import Context, clean
from slimify.languages.go import LANGUAGE

LegacyTool = Literal["dep", "glide", "godep", "govendor", "gopath"]


@cache
def _legacy() -> tuple[tuple[str, LegacyTool], ...]:
    return convert(LANGUAGE.facts("toolchain.toml")["legacy"]["files"], tuple[tuple[str, LegacyTool], ...])


class GoRequire(Struct, frozen=True, kw_only=True):
    """One required module."""

    module: str
    version: str
    indirect: bool
    line: int


class GoReplace(Struct, frozen=True, kw_only=True):
    """`replace old => new`. `local` is the context directory it points at, else None.

    A local replacement outside the context has `local` None and `outside` True.
    """

    module: str
    target: str
    local: str | None
    outside: bool
    line: int


class GoModule(Struct, frozen=True, kw_only=True):
    """A Go module, or (`legacy` set, `path` empty) a directory of the time before modules.

    `go` and `toolchain` are versions as written ("1.22", "go1.22.3"). `workspace` is the go.work in effect,
    `uses` its module directories. `vendored` are the modules in vendor/modules.txt, `vendor` whether there
    is a vendor directory with code. `tools` are the packages of `tool` lines.
    """

    dir: str
    path: str = ""
    module: str | None = None
    go: str | None = None
    toolchain: str | None = None
    requires: tuple[GoRequire, ...] = ()
    replaces: tuple[GoReplace, ...] = ()
    tools: tuple[str, ...] = ()
    vendor: bool = False
    vendored: tuple[str, ...] = ()
    workspace: str | None = None
    uses: tuple[str, ...] = ()
    legacy: LegacyTool | None = None


def go_module(context: Context, dir: str = "") -> GoModule | None:
    """The module of a directory; without a go.mod, the legacy project there; None for neither."""
    dir = clean(dir)
    path = posixpath.join(dir, "go.mod")
    text = context.text(path)
    vendored = _vendored(context, dir)
    vendor = any(name.endswith(".go") for name in context.under(posixpath.join(dir, "vendor")))
    workspace, uses = _workspace(context, dir)
    if text is None:
        legacy = next(
            (tool for name, tool in _legacy() if context.has(posixpath.join(dir, name))),
            "gopath" if vendor else None,
        )
        if legacy is None and workspace is None:
            return None
        return GoModule(
            dir=dir, vendor=vendor, vendored=vendored, workspace=workspace, uses=uses, legacy=legacy
        )
    single: dict[str, str] = {}
    requires: list[GoRequire] = []
    replaces: list[GoReplace] = []
    tools: list[str] = []
    for verb, words, comment, line in _directives(text):
        if verb in ("module", "go", "toolchain") and words:
            single.setdefault(verb, words[0])
        elif verb == "require" and len(words) >= 2:
            indirect = re.match(r"//\s*indirect\b", comment) is not None
            requires.append(GoRequire(module=words[0], version=words[1], indirect=indirect, line=line))
        elif verb == "replace" and "=>" in words[1:-1]:
            replaces.append(_replace(dir, words, line))
        elif verb == "tool" and words:
            tools.append(words[0])
    return GoModule(
        dir=dir,
        path=path,
        module=single.get("module"),
        go=single.get("go"),
        toolchain=single.get("toolchain"),
        requires=tuple(requires),
        replaces=tuple(replaces),
        tools=tuple(tools),
        vendor=vendor,
        vendored=vendored,
        workspace=workspace,
        uses=uses,
    )


def _directives(text: str) -> Iterator[tuple[str, list[str], str, int]]:
    """(verb, words, comment with its slashes, line) of a go.mod or go.work, with blocks unfolded."""
    block: str | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        match = re.match(r"""((?:"[^"]*"|`[^`]*`|(?!//)[^"`])*)(//.*)?""", raw.strip())
        code, comment = (match[1], match[2] or "") if match else (raw, "")
        words = [word.strip('"`') for word in re.findall(r'"[^"]*"|`[^`]*`|[()]|=>|[^\s()"`]+', code)]
        if not words:
            continue
        if words[0] == ")":
            block = None
        elif block is not None:
            yield block, words, comment, number
        elif len(words) > 1 and words[1] == "(":
            block = words[0]
        else:
            yield words[0], words[1:], comment, number


def _replace(dir: str, words: list[str], line: int) -> GoReplace:
    target = words[words.index("=>") + 1]
    local: str | None = None
    outside = False
    if target.startswith(("./", "../")) or target in (".", ".."):
        local = posixpath.normpath(posixpath.join(dir, target))
        outside = local.startswith("..")
        local = None if outside else ("" if local == "." else local)
    elif target.startswith("/"):
        outside = True
    return GoReplace(module=words[0], target=target, local=local, outside=outside, line=line)


def _vendored(context: Context, dir: str) -> tuple[str, ...]:
    text = context.text(posixpath.join(dir, "vendor/modules.txt"), 8 << 20) or ""
    return tuple(dict.fromkeys(re.findall(r"^# (\S+)", text, re.MULTILINE)))


def _workspace(context: Context, dir: str) -> tuple[str | None, tuple[str, ...]]:
    """The nearest go.work upwards, as the go command finds it, and the directories it uses."""
    here = dir
    while True:
        path = posixpath.join(here, "go.work")
        text = context.text(path)
        if text is not None:
            uses = [
                clean(posixpath.join(here, words[0]))
                for verb, words, _, _ in _directives(text)
                if verb == "use"
                and words
                and not posixpath.normpath(posixpath.join(here, words[0])).startswith("..")
            ]
            return path, tuple(uses)
        if not here:
            return None, ()
        here = posixpath.dirname(here)
