"""Scans Python text without a parser, for any version of the language and broken files.

Strings and comments are blanked first; in the rest, `import` can only be the keyword. The scan for started
programs is for files that cannot be parsed. It accepts every call that looks like one, so it finds too much
rather than too little.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import islice

from msgspec import Struct

from slimify.context.source_uses import UNKNOWN, Collector, Helper
from slimify.facts import records
from slimify.languages.python import LANGUAGE
from slimify.model.regex import regex

_LITERAL = regex(
    r"""\#[^\n]*
      | (?:\b[A-Za-z]{1,2})?(?:
          \"\"\"[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*(?:\"\"\"|\\?\Z)
        | '''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*(?:'''|\\?\Z)
        | "[^"\\\n]*(?:\\.[^"\\\n]*)*(?:"|(?=\n)|\\?\Z)
        | '[^'\\\n]*(?:\\.[^'\\\n]*)*(?:'|(?=\n)|\\?\Z)
        )
    """,
    re.VERBOSE | re.DOTALL,
)
_BLANK = regex(r"[^\n]")
_IMPORT = regex(
    # the look-behinds come after the words: a pattern that begins with a known letter is found faster
    r"(?:from(?<![\w.]from)[ \t]+(?P<module>\w[\w.]*|\.[.\w]*(?:[ \t]+\w[\w.]*)?)(?:[ \t]|\\\n)*import\b"
    r"|import(?<![\w.]import)[ \t]+"
    r"(?P<names>[\w.]+(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t\\\n]*[\w.]+(?:[ \t]+as[ \t]+\w+)?)*))"
)
# `TYPE_CHECKING` is false whenever a program runs (typing, in the documentation of Python).
_FOR_CHECKERS = regex(
    r"^([ \t]*)if[ \t]+(?:\w+\.)?TYPE_CHECKING[ \t]*:[^\n]*\n(?:\1[ \t]+\S[^\n]*\n|[ \t]*\n)*", re.MULTILINE
)
_STRING = regex(r"""[rRuUbBfF]{0,2}(?P<quote>["'])(?P<text>[^"'\\\n]*)(?P=quote)""")
_SETTINGS = regex(r"\b(?:INSTALLED_APPS|MIDDLEWARE(?:_CLASSES)?|\w+_APPS)\b[^=\n]{0,60}\+?=\s*[\[(]")
_DOTTED = regex(r"[A-Za-z_]\w*(?:\.\w+)*")
_STARTS_PROGRAM = regex(
    r"\b(?P<name>system|popen[234]?|Popen|check_output|check_call|getoutput|getstatusoutput|which|find_executable"
    r"|exec[lv]p?e?|(?:posix_)?spawn[lv]?p?e?|create_subprocess_exec|create_subprocess_shell"
    r"|(?:subprocess|sp)\s*\.\s*(?:run|call))\s*\("
)
# A literal that begins as a command line, and what only run time fills into it.
_COMMAND = r"""[rRuUbBfF]{0,2}(?P<quote>["'])(?P<text>[a-z./][\w./+-]*(?:[ ][^"'\\\n]*)?)(?P=quote)"""
_FIELD = regex(r"\{[^{}]*\}|%s")
_LOADS_LIBRARY = regex(r"\b(?P<name>CDLL|PyDLL|LoadLibrary|find_library|dlopen)\s*\(")
_OPENS_FILE = regex(
    r"\b(?:open|Path|read_text|read_bytes|read_csv|send_file|send_from_directory|StaticFiles|FileSystemLoader)\s*\("
)
_FIRST_STRING = regex(r"""\s*[\[(]?\s*[rRuUbB]{0,2}(?:"([^"\\\n]*)"|'([^'\\\n]*)')""")


class _ModuleUse(Struct, frozen=True):
    """What modules need where a file that imports one contains a name, or a text in a string."""

    modules: str
    names: re.Pattern[str]
    strings: re.Pattern[str] | None = None
    programs: str = ""
    libraries: str = ""


_MODULES = records(LANGUAGE.facts("sources.toml")["modules"], tuple[_ModuleUse, ...])


class Lines:
    """Maps offsets in a text to 1-based lines."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(m.end() for m in re.finditer("\n", text))]

    def at(self, offset: int) -> int:
        return bisect_right(self._starts, offset)


def without_literals(text: str) -> str:
    """The text with strings and comments blanked; offsets and line ends stay the same."""
    return _LITERAL.sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    return _BLANK.sub(" ", match[0]) if "\n" in match[0] else " " * len(match[0])


def scan_imports(text: str, code: str, lines: Lines, found: Collector) -> None:
    """Adds the top-level names of all absolute imports, except those for type checkers. `code` is the masked
    text."""
    own = _FOR_CHECKERS.sub(_blank, f"{code}\n") if "TYPE_CHECKING" in code else code
    for match in _IMPORT.finditer(own):
        line = lines.at(match.start())
        if match["names"]:
            for name in match["names"].replace("\\", " ").split(","):
                found.add_import(name.split()[0].partition(".")[0] if name.split() else "", line)
        elif match["module"] and not match["module"].startswith("."):
            found.add_import(match["module"].partition(".")[0], line)
    for match in islice(_SETTINGS.finditer(code), 20):
        _scan_settings(text, code, match.end(), lines, found)


def _scan_settings(text: str, code: str, start: int, lines: Lines, found: Collector) -> None:
    """Adds the modules in a Django list such as INSTALLED_APPS."""
    ends = [end for end in (code.find(sign, start, start + 20_000) for sign in "])") if end >= 0]
    for literal in _LITERAL.finditer(text, start, min(ends, default=start)):
        match = _STRING.fullmatch(literal[0])
        if match and _DOTTED.fullmatch(match["text"]):
            found.add_import(match["text"].partition(".")[0], lines.at(literal.start()))


def scan_paths(text: str, code: str, lines: Lines, found: Collector) -> None:
    """Adds the files that are opened by a literal name."""
    for match in _OPENS_FILE.finditer(code):
        literal = _FIRST_STRING.match(text, match.end())
        name = (literal[1] or literal[2] or "") if literal else UNKNOWN
        found.add_path(name, lines.at(match.start()))


def scan_helpers(text: str, code: str, lines: Lines, helpers: Iterable[Helper], found: Collector) -> None:
    """Adds the command lines that calls give to functions which start what they are given."""
    for helper in (h for h in helpers if f"{h.name}(" in code):
        before = r"[^,()]*," * helper.position
        call = re.compile(rf"\b{helper.name}\(\s*(?:{before}|[^()]*\b{helper.parameter}\s*=)\s*{_COMMAND}")
        for match in call.finditer(text):
            if code[match.start()] == text[match.start()] and not code[: match.start()].endswith("def "):
                command = _FIELD.sub(UNKNOWN, match["text"])
                found.add_shell(command, lines.at(match.start()))


def scan_modules(text: str, code: str, lines: Lines, found: Collector) -> None:
    """Adds the programs that modules start, and the libraries that they load, where a file uses them so."""
    imports = {use.name for use in found.imports}
    for row in _MODULES:
        if imports.isdisjoint(row.modules.split()):
            continue
        match = row.names.search(code) or (row.strings and row.strings.search(text))
        if match:
            line = lines.at(match.start())
            for name in row.programs.split():
                found.commands[found.use(name, line)] = None
            for name in row.libraries.split():
                found.add_library(name, line, match[0])


def scan_programs(text: str, code: str, lines: Lines, found: Collector) -> None:
    """Adds the programs and libraries that calls seem to name; other such calls count as dynamic."""
    for match in _STARTS_PROGRAM.finditer(code):
        line, literal = lines.at(match.start()), _FIRST_STRING.match(text, match.end())
        if literal:
            found.add_shell(literal[1] or literal[2] or "", line)
        else:
            found.dynamic[found.use(match["name"], line)] = None
    for match in _LOADS_LIBRARY.finditer(code):
        line, literal = lines.at(match.start()), _FIRST_STRING.match(text, match.end())
        if literal:
            found.add_library(literal[1] or literal[2] or "", line, match["name"])
        else:
            found.dynamic[found.use(match["name"], line)] = None
