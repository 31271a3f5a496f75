"""The commands of a Jenkinsfile's shell steps: `sh '…'`, `sh(script: "…")`, `dir('x') { … }`.

Groovy is not evaluated: interpolations such as `"${app}"` remain as written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from slimify.context.build_scripts.call import Call

NAME = re.compile(r"(.*[.-])?[Jj]enkinsfile([.-].*)?|.*\.groovy")
_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)|'''(?P<raw3>(?:\\.|(?!''').)*)'''|\"{3}(?P<text3>(?:\\.|(?!\"{3}).)*)\"{3}"""
    r"""|'(?P<raw>(?:\\.|[^'\\\n])*)'|"(?P<text>(?:\\.|[^"\\\n])*)"|(?P<brace>[{}])""",
    re.DOTALL,
)
# The text before a step's string; `name` is the variable that receives its output.
_SHELL = re.compile(
    r"(?:(?:def|String|final)?\s*\b(?P<name>\w+)\s*=\s*)?\bsh\s*\(?\s*(?:\w+\s*:\s*\w+\s*,\s*)*(?:script\s*:\s*)?$"
)
_FOLDER = re.compile(r"\bdir\s*\(?\s*$")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


def steps(text: str, shell: Callable[[str, int], Iterator[Call]]) -> Iterator[Call]:
    """The commands of all shell steps. `shell` reads a script, given the number of its first line."""
    end, folder = 0, ""
    open_folders: list[str] = []  # the `dir` of each open brace, or ""
    for token in _TOKEN.finditer(text):
        if token["comment"] is not None:
            end = token.end() if not text[end : token.start()].strip() else end
            continue
        before, end = text[end : token.start()], token.end()
        if token["brace"] == "{":
            open_folders.append(folder)
            if folder:
                yield _cd_call(text, token, folder)
            folder = ""
        elif token["brace"] == "}":
            if open_folders and open_folders.pop():
                yield _cd_call(text, token, "-")
        else:
            content = _string_value(token)
            found = _SHELL.search(before)
            folder = content if _FOLDER.search(before) else folder
            if found is not None:
                yield from _step_calls(text, token, content, found["name"] or "", shell)


def _step_calls(
    text: str, token: re.Match[str], content: str, name: str, shell: Callable[[str, int], Iterator[Call]]
) -> Iterator[Call]:
    """The commands of one step, with line numbers clipped to the step. Its output is that of the last."""
    line = text.count("\n", 0, token.start()) + 1
    calls = list(shell(content, line))
    if calls and name:
        calls[-1] = replace(calls[-1], assigned_to=name)
    last = text.count("\n", 0, token.end()) + 1
    yield from (replace(c, line=min(c.line, last), end=min(c.end, last)) for c in calls)


def _cd_call(text: str, token: re.Match[str], folder: str) -> Call:
    line = text.count("\n", 0, token.start()) + 1
    return Call(line=line, end=line, words=("cd", folder))


def _string_value(token: re.Match[str]) -> str:
    """The value of a string, with Groovy's escapes (including `\\$`) resolved."""
    text = next(t for t in (token["raw3"], token["text3"], token["raw"], token["text"]) if t is not None)
    return re.sub(r"\\(.)", lambda m: _ESCAPED.get(m[1], m[1]), text, flags=re.DOTALL)
