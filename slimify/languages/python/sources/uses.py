"""What Python sources need at run time.

Imports are found by a scan of the text (see `scan`), everything else with libcst, which reads Python 3.0 to
3.15 whatever version runs slimify. libcst takes about a second per megabyte, so only files that mention a
relevant call are parsed, within a budget. Other files, and those that do not parse (Python 2), are only
scanned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from slimify.context.source_uses import MAX_FILE, Collector, Helper, merge
from slimify.languages.python import LANGUAGE
from slimify.languages.python.sources import scan
from slimify.model.regex import regex
from slimify.model.sources import SourceFacts

BUDGET = 1_200_000  # characters parsed in one run, weighted by their complexity
_MAX_OPERATORS = 1000
_MAX_DEPTH = 50
# Searching for plain strings is several times faster than a pattern.
_STARTS: tuple[str, ...] = tuple(LANGUAGE.facts("sources.toml")["programs"]["signs"])
_OPENS = regex(
    r"\bopen\s*\(|read_text|read_bytes|__file__|get_data|resource_|Flask|StaticFiles|Templates\b|FileSystemLoader"
)
_TOKENS = regex(
    r"[(\[{]|[)\]}]|\n|\b(?:not|if|else|elif|lambda|and|or|await|for)\b|\.(?!\d)|\*\*?|//?|[-+~%@&|^<>]|:="
)
_F_STRING = regex(r"""\b(?:[fFtT][rR]?|[rR][fFtT])(\"\"\"|'''|["'])""")
_BRACES = regex(r"[{}]")


def read(text: str, file: str) -> SourceFacts:
    """What one file needs. `file` is its path from the context root. Never fails."""
    return read_many([(file, text)])


def read_many(files: Iterable[tuple[str, str]], *, budget: int = BUDGET) -> SourceFacts:
    """What many files need, as (path, text); linear in their size.

    Files of more than `uses.MAX_FILE` characters are listed in `skipped`. After `budget` is spent, files
    are scanned instead of parsed, which finds more than there is, but never fewer programs. Two thirds of
    it are reserved for files that start programs.
    """
    parts: list[Collector] = []
    skipped: list[str] = []
    helpers: dict[Helper, None] = {}
    read: list[tuple[str, str, scan.Lines]] = []
    left = budget
    for file, text in files:
        if len(text) > MAX_FILE:
            skipped.append(file)
            continue
        text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
        code = scan.without_literals(text)
        lines = scan.Lines(text)
        found = Collector(file)
        scan.scan_imports(text, code, lines, found)
        scan.scan_modules(text, code, lines, found)
        starts = any(sign in code for sign in _STARTS)
        if starts or _OPENS.search(code):
            cost = _cost(text, code)
            if cost is not None and cost <= (left if starts else left - budget * 2 // 3):
                left -= cost
                parsed = _parse(text, code, lines, found)
            else:
                parsed = False
            if not parsed:
                scan.scan_programs(text, code, lines, found)
                scan.scan_paths(text, code, lines, found)
        parts.append(found)
        read.append((text, code, lines))
        helpers |= found.helpers
    for found, (text, code, lines) in zip(parts, read, strict=True):
        scan.scan_helpers(text, code, lines, helpers, found)
    return merge((*(found.facts() for found in parts), SourceFacts(skipped=tuple(skipped))))


def _cost(text: str, code: str) -> int | None:
    """The share of the budget that parsing takes; None if the parser could crash.

    libcst's parser recurses on the native stack: some thousand nested or chained operators in one statement
    end the process. Its time grows with the square of their number.
    """
    cost = len(text)
    depth = deepest = operators = branches = 0
    for match in _TOKENS.finditer(code + "\n"):
        token = match[0]
        if token in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif token in ")]}":
            depth -= 1
        elif token == "\n" and depth <= 0:
            cost += operators * operators // 3 + 4 * deepest * deepest
            depth = deepest = operators = 0
            continue
        operators += token != "\n"
        branches += token == "elif"
        if deepest > _MAX_DEPTH or operators > _MAX_OPERATORS or branches > _MAX_OPERATORS:
            return None
    return None if any(map(_is_hard, _F_STRING.finditer(text))) else cost


def _is_hard(quote: re.Match[str]) -> bool:
    """Whether an f-string, from its opening quote on, contains an expression too complex to parse."""
    end = quote.string.find(quote[1], quote.end())
    inside = quote.string[quote.end() : end if end >= 0 else quote.end() + 2000]
    if len(inside) < 200:
        return False
    deep = sum(inside.count(sign) for sign in "([{") > _MAX_DEPTH
    return deep or any(sum(1 for _ in _TOKENS.finditer(part)) > 200 for part in _BRACES.split(inside))


def _parse(text: str, code: str, lines: scan.Lines, found: Collector) -> bool:
    """Adds the uses in the syntax tree; returns False if there is none."""
    import libcst

    from slimify.languages.python.sources import tree

    try:
        module = libcst.parse_module(text)
    except (libcst.ParserSyntaxError, libcst.CSTValidationError, RecursionError, ValueError, UnicodeError):
        return False
    tree.collect(module, text, code, lines, found)
    return True
