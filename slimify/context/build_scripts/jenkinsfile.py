"""The commands of a Jenkinsfile's shell steps: `sh '…'`, `sh(script: "…")`, `dir('x') { … }`.

Groovy is not evaluated: interpolations such as `"${app}"` remain as written.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator

from slimify.context.build_scripts.snippet import Snippet
from slimify.model.regex import regex

NAME = regex(r"(.*[.-])?[Jj]enkinsfile([.-].*)?|.*\.groovy")
_TOKEN = regex(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)|'''(?P<raw3>(?:\\.|(?!''').)*)'''|\"{3}(?P<text3>(?:\\.|(?!\"{3}).)*)\"{3}"""
    r"""|'(?P<raw>(?:\\.|[^'\\\n])*)'|"(?P<text>(?:\\.|[^"\\\n])*)"|(?P<brace>[{}])""",
    re.DOTALL,
)
# The text before a step's string; `name` is the variable that receives its output.
_SHELL = regex(r"(?:\b(?P<name>\w+)\s*=\s*)?\bsh\s*(?:\(\s*)?(?:\w+\s*:\s*\w+\s*,\s*)*(?:script\s*:\s*)?$")
_FOLDER = regex(r"\bdir\s*(?:\(\s*)?$")
# What steps run in: a Dockerfile, with its options, or an image (www.jenkins.io/doc/book/pipeline/docker).
_CONTAINER = regex(
    r"""\bdockerfile\s+true\b|\bdockerfile\s*\{(?P<options>[^{}]*)\}
    |\bdocker\s*(?:\{[^{}]*?\bimage\b)?\s*['"](?P<image>[^'"\n]+)
    |\bdocker\.(?P<verb>image|build)\s*\(\s*['"](?P<inside>[^'"\n]+)(?=.*\.inside\b)""",
    re.DOTALL | re.VERBOSE,
)
_OPTION = regex(r"""\b(filename|dir)\s*(?::\s*)?['"]([^'"\n]+)""")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


def steps(text: str) -> Iterator[Snippet]:
    """The shell text of all shell steps. The output of a step that a variable takes is a substitution."""
    end, folder = 0, ""
    open_folders: list[str] = []  # the `dir` of each open brace, or ""
    for token in _TOKEN.finditer(text):
        if token["comment"] is not None:
            end = token.end() if not text[end : token.start()].strip() else end
            continue
        before, end = text[end : token.start()], token.end()
        first, last = (text.count("\n", 0, at) + 1 for at in token.span())
        if token["brace"] == "{":
            open_folders.append(folder)
            if folder:
                yield Snippet(shlex.join(("cd", folder)), first, last)
            folder = ""
        elif token["brace"] == "}":
            folder = ""  # an option: `dockerfile { dir 'x' }`
            if open_folders and open_folders.pop():
                yield Snippet("cd -", first, last)
        else:
            content = _string_value(token)
            found = _SHELL.search(before)
            folder = content if _FOLDER.search(before) else folder
            if found is not None:
                taken = f"{found['name']}=$({content})" if found["name"] else content
                yield Snippet(taken, first, last)


def containers(text: str) -> Iterator[tuple[str, str]]:
    """The Dockerfile and the image, one of them "", that steps may run in."""
    for found in _CONTAINER.finditer(text):
        given = dict(_OPTION.findall(found["options"] or ""))
        image = found["image"] or (found["inside"] if found["verb"] == "image" else "") or ""
        file = posixpath.join(given.get("dir", ""), given.get("filename", "Dockerfile"))
        yield ("", image) if image else (posixpath.normpath(file), "")


def _string_value(token: re.Match[str]) -> str:
    """The value of a string, with Groovy's escapes (including `\\$`) resolved."""
    text = next(t for t in (token["raw3"], token["text3"], token["raw"], token["text"]) if t is not None)
    return re.sub(r"\\(.)", lambda m: _ESCAPED.get(m[1], m[1]), text, flags=re.DOTALL)
