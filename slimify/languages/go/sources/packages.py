"""Go files and packages without a syntax tree: build constraints, imports, the import graph.

The head of a Go file (comments, `package`, imports) is simple enough to be read exactly by tokens. The
rules for which file belongs to a build are those of go/build ("Build Constraints" in `go help
buildconstraint`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from msgspec import Struct

from slimify.languages.go import LANGUAGE
from slimify.model.regex import regex


def _constraint(name: str) -> frozenset[str]:
    return frozenset(LANGUAGE.words("sources.toml", "constraints", name))


_SYSTEMS = _constraint("systems")
_ARCHITECTURES = _constraint("architectures")
_EXCLUDING_TAGS = _constraint("excluding")
# What holds in a build for Linux. cgo may be on or off; its files are read in both cases.
_GIVEN = frozenset({"linux", "unix", "amd64", "gc", "cgo"})
_HEAD = regex(
    r"""(?P<space>[\s\ufeff]+)
      | (?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))
      | (?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
      | (?P<word>[^\W\d]\w*)
      | (?P<sign>[().;])
    """,
    re.VERBOSE | re.DOTALL,
)
_GO_BUILD = regex(r"//go:build[ \t]+(.*)")
_PLUS_BUILD = regex(r"//[ \t]*\+build(?:[ \t]+(.*))?$")
_MASK = regex(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:[^\"\\\n]|\\.)*\"?|`[^`]*(?:`|\Z)|'(?:[^'\\\n]|\\.)*'?", re.DOTALL
)
_BLANK_LINE = regex(r"\n[ \t\r]*\n")
_MAIN = regex(r"^func\s+main\s*\(\s*\)", re.MULTILINE)
_TERM = regex(r"\s*(&&|\|\||[!()]|[\w.]+)")


class Head(Struct, frozen=True, kw_only=True):
    """A file's head.

    `imports` are (path, local name or "", line), `preamble` is the comment before `import "C"`.
    """

    package: str
    imports: tuple[tuple[str, str, int], ...]
    constraint: str = ""  # the `//go:build` expression
    plus: tuple[str, ...] = ()  # `// +build` lines, used where there is no `//go:build`
    preamble: str = ""


class GoSources(Struct, frozen=True, kw_only=True):
    """Context paths of the compiled files, and the imports whose source is not in the context."""

    files: tuple[str, ...]
    outside: tuple[str, ...]


def head(text: str) -> Head:
    """Reads package clause, imports and build constraints; empty ones where there are none."""
    package, constraint, preamble, comment = "", "", "", ""
    plus: list[tuple[int, str]] = []
    imports: list[tuple[str, str, int]] = []
    clause = blank = 0  # where the package clause starts; where the last blank line before it is
    words: list[str] = []
    grouped = False
    position, line = 0, 1
    while match := _HEAD.match(text, position):
        kind, token = match.lastgroup, match[0]
        at, line = line, line + token.count("\n")
        position = match.end()
        if kind == "comment":
            comment = token if token.startswith("/*") else f"{comment}\n{token}"
            if not package:
                tag = _GO_BUILD.match(token)
                constraint = constraint or (tag[1].strip() if tag else "")
                old = _PLUS_BUILD.match(token.rstrip())
                plus += [(match.start(), old[1] or "")] if old else []
        elif kind == "space":
            if _BLANK_LINE.search(token):
                comment = ""
                blank = blank if package else match.start()
        elif kind == "word" and token not in {"import", "package"} and not (words or grouped):
            break  # the first declaration
        elif kind == "word":
            if words == ["package"]:
                package, words, clause = token, [], match.start()
            else:
                words = [token] if token in {"import", "package"} else [*words, token]
        elif kind == "string":
            name = words[-1] if words and words[-1] != "import" else ""
            if token.strip('"`') == "C":
                preamble += comment
            imports.append((token[1:-1], name, at))
            words, comment = [], ""
        elif token == "(":
            grouped, words = True, []
        elif token == ")":
            grouped, words = False, []
        elif token == ".":
            words.append(".")
    return Head(
        package=package,
        imports=tuple(imports),
        constraint=constraint,
        # Only those followed by a blank line count, so that package documentation does not.
        plus=tuple(value for offset, value in plus if offset < blank < clause),
        preamble=preamble,
    )


def applies(file: str, start: Head, tags: frozenset[str] = frozenset()) -> bool:
    """Whether `go build` for Linux takes the file, by its name and its constraints.

    Tests never count. `tags` are those given with `-tags`.
    """
    given = _GIVEN | tags
    fits = _is_source(file) and _name_fits(file, "amd64")
    return fits and _is_satisfied(start, lambda tag: tag in given or tag.startswith("go1."))


def may_apply(file: str, start: Head) -> bool:
    """Whether some build for Linux takes the file, for any architecture and any tags.

    Tags that conventionally exclude files from builds (`ignore`, `tools`) do not count as given.
    """
    if not _is_source(file) or not any(_name_fits(file, arch) for arch in _ARCHITECTURES):
        return False
    never = (_SYSTEMS | _EXCLUDING_TAGS) - {"linux"}

    def certain(tag: str) -> bool:
        return tag in {"linux", "unix", "gc"} or tag.startswith("go1.")

    return _is_satisfied(start, certain) or _is_satisfied(start, lambda tag: certain(tag) or tag not in never)


def _is_source(file: str) -> bool:
    name = posixpath.basename(file)
    return name.endswith(".go") and not name.startswith(("_", ".")) and not name.endswith("_test.go")


def _is_satisfied(start: Head, holds: Callable[[str], bool]) -> bool:
    if start.constraint:
        return _evaluate(start.constraint, holds)
    return all(_plus_holds(line, holds) for line in start.plus)


def _name_fits(file: str, architecture: str) -> bool:
    """`*_GOOS`, `*_GOARCH` and `*_GOOS_GOARCH`; the part before the first `_` is no constraint."""
    parts = posixpath.basename(file).removesuffix(".go").split("_")[1:]
    if len(parts) >= 2 and parts[-2] in _SYSTEMS and parts[-1] in _ARCHITECTURES:
        return parts[-2] == "linux" and parts[-1] == architecture
    if parts and parts[-1] in _SYSTEMS:
        return parts[-1] == "linux"
    return not (parts and parts[-1] in _ARCHITECTURES) or parts[-1] == architecture


def _plus_holds(line: str, holds: Callable[[str], bool]) -> bool:
    """A space is or, a comma is and, `!` is not."""
    return any(
        all(holds(tag.removeprefix("!")) != tag.startswith("!") for tag in option.split(","))
        for option in line.split()
    )


def _evaluate(expression: str, holds: Callable[[str], bool]) -> bool:
    """The value of a `//go:build` expression; True for a malformed one, so that the file is read."""
    terms = _TERM.findall(expression)
    if len(terms) > 200:
        return True
    position = 0

    def either() -> bool:
        nonlocal position
        value = both()
        while position < len(terms) and terms[position] == "||":
            position += 1
            value = both() or value
        return value

    def both() -> bool:
        nonlocal position
        value = one()
        while position < len(terms) and terms[position] == "&&":
            position += 1
            value = one() and value
        return value

    def one() -> bool:
        nonlocal position
        term = terms[position] if position < len(terms) else ")"
        if term in {"&&", "||", ")"}:
            raise ValueError(term)
        position += 1
        if term == "!":
            return not one()
        if term == "(":
            value = either()
            position += 1
            return value
        return holds(term)

    try:
        return either()
    except ValueError:
        return True


def main_packages(files: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The directories ("" is the root) of (path, text) that hold a package main with a func main, sorted."""
    found = set()
    for file, text in files:
        start = head(text)
        if start.package == "main" and applies(file, start):
            code = _MASK.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
            if _MAIN.search(code):
                found.add(posixpath.dirname(file))
    return tuple(sorted(found))


def imported_sources(
    files: Iterable[str],
    read: Callable[[str], str | None],
    package: str,
    *,
    modules: Mapping[str, str],
    tags: frozenset[str] = frozenset(),
) -> GoSources:
    """Follows imports from the package in directory `package` through the tree.

    `files` are all paths of the context, `read` gives a text or None, `modules` maps module paths
    to their directories ("" is the root): the main module, `replace`d and workspace ones, or in a
    GOPATH build the import path of the root. Vendor directories above the importing package are
    searched as well.
    """
    folders: dict[str, list[str]] = {}
    for file in files:
        if file.endswith(".go"):
            folders.setdefault(posixpath.dirname(file), []).append(file)
    outside, compiled = set(), []
    targets: dict[tuple[str, str], str | None] = {}  # by import path and importing directory
    seen, waiting = {package}, [package]
    while waiting:
        folder = waiting.pop()
        if folder not in folders:
            outside.add(folder or ".")
        for file in sorted(folders.get(folder, ())):
            text = read(file)
            start = head(text or "")
            takes = applies(file, start, tags)
            compiled += [file] if takes else []
            if text is None:
                outside.add(file)
            for path, _, _ in start.imports if takes else ():
                if (path, folder) not in targets:
                    places = _import_directories(path, folder, modules)
                    targets[path, folder] = next((t for t in places if t in folders), None)
                target = targets[path, folder]
                if target is None:
                    outside |= set() if _is_standard(path, modules) else {path}
                elif target not in seen:
                    seen.add(target)
                    waiting.append(target)
    return GoSources(files=tuple(compiled), outside=tuple(sorted(outside)))


def _import_directories(path: str, folder: str, modules: Mapping[str, str]) -> Iterator[str]:
    """The directories that may hold the source of an import, nearest vendor directory first."""
    if path.startswith("."):
        yield posixpath.normpath(posixpath.join(folder, path)).removeprefix(".").lstrip("/")
    above: str | None = folder
    while above is not None:
        yield posixpath.join(above, "vendor", path)
        yield posixpath.join(above, "Godeps/_workspace/src", path)
        above = posixpath.dirname(above) if above else None
    for module in sorted((m for m in modules if _is_known_module(path, {m})), key=len, reverse=True):
        yield posixpath.join(modules[module], path[len(module) :].lstrip("/")).rstrip("/")


def _is_known_module(path: str, modules: Container[str]) -> bool:
    while path:
        if path in modules:
            return True
        path = path.rpartition("/")[0]
    return False


def _is_standard(path: str, modules: Mapping[str, str]) -> bool:
    """Paths of the standard library have no dot in their first element."""
    return "." not in path.partition("/")[0] and not _is_known_module(path, modules)
