"""What Go sources need at run time, read with tree-sitter.

Package, imports and build constraints come from the head of the file (see `packages`). Only files with a
relevant call are parsed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.context import tree_sitter_reader as ts
from slimify.context.source_uses import MAX_FILE, UNKNOWN, Collector, argument_lists, merge
from slimify.facts.settings import toolchain_settings
from slimify.facts.system import distroless_accounts
from slimify.languages.go import LANGUAGE
from slimify.languages.go.sources.packages import head, may_apply
from slimify.model.regex import regex
from slimify.model.sources import SourceFacts
from slimify.semantics.paths import inside

if TYPE_CHECKING:
    from tree_sitter import Node

_FACTS = LANGUAGE.facts("sources.toml")
# Position of the program among the arguments; its own arguments follow.
_PROGRAMS: Mapping[str, int] = _FACTS["programs"]
# Positions of the file names among the arguments, by function, and by method.
_PATHS: Mapping[str, Sequence[int]] = _FACTS["paths"]
# Position of the name of a file that a function creates. os.OpenFile is both, depending on its flags.
_CREATES: Mapping[str, int] = _FACTS["creates"]
_SERVICES: Mapping[str, int] = _FACTS["services"]["positions"]
_METHODS: Mapping[str, Sequence[int]] = {
    **_FACTS["methods"],
    **dict.fromkeys(LANGUAGE.words("sources.toml", "every_argument", "methods"), range(50)),
}
# Their own packages, where vendored, only hand on what their callers name.
_KNOWN = tuple(f"vendor/{name.rpartition('.')[0]}" for name in _PROGRAMS)
_OF_INTEREST = regex(
    r"\b(?:Command|CommandContext|LookPath|StartProcess|ForkExec|Cmd|LoadLocation|Exec|Open|OpenFile|Stat|Lstat|Readlink"
    r"|Create|Mkdir(?:All)?|WriteFile"
    r"|Lookup|LookupGroup|ReadFile|ReadDir|DirFS|Walk|WalkDir|Glob|EvalSymlinks|Dir|ServeFile|ListenAndServeTLS|LoadX509KeyPair"
    r"|ParseGlob|ParseFiles|LoadHTML\w+|Static\w*|ServeFiles|File|RunTLS|SetConfigFile|AddConfigPath|Load)\s*[({]"
    r"|\"file://|\bLookupPort\s*\(|[\"`][\w.-]*:[a-z][a-z\d-]*[\"`]"
)
# Packages of others whose functions take file names: what imports one is parsed.
_OPENING = {name.rpartition(".")[0] for name in _PATHS if "." in name.partition("/")[0] and "/" in name}
_CGO_LINE = regex(r"#cgo[^\n]*?\b(LDFLAGS|pkg-config):([^\n]*)")
_SETTING = regex(r'["`$]\{?(C?GO[A-Z0-9_]+)\b')  # a name, as os.Getenv and ExpandEnv are handed it
_ACCOUNTS = ("os/user.Lookup", "os/user.LookupGroup")
_OWN_PLACE = regex(r"\bos\.(?:Executable\s*\(|Args\[\s*0\s*\])")
_VERSION = regex(r"v\d+")
_SERVICE = regex(r":([a-z][a-z\d-]*)\Z")
_MAIN = regex(r"^func\s+main\s*\(\s*\)", re.MULTILINE)
_GRAMMAR = ts.Grammar("tree_sitter_go")
_QUERY = """
[(function_declaration) (method_declaration) (func_literal)] @function
(call_expression) @call
(composite_literal type: (qualified_type)) @literal
[(const_spec) (var_spec) (short_var_declaration) (assignment_statement)] @binding
[(parameter_declaration) (variadic_parameter_declaration) (range_clause)] @unknown
[(interpreted_string_literal) (raw_string_literal)] @string
"""


def read(text: str, file: str) -> SourceFacts:
    """What one file needs. `file` is its path from the context root. Never fails."""
    return read_many([(file, text)])


def read_many(files: Iterable[tuple[str, str]]) -> SourceFacts:
    """What many files need, as (path, text); linear in their size.

    Tests, and files that no Linux build takes, need nothing. Files that are too large or too deeply nested
    are listed in `skipped`. If one file imports time/tzdata, none needs the system's time zones.
    """
    facts = merge(_read(text, file) for file, text in files)
    if any(use.name == "time/tzdata" for use in facts.imports):
        return replace(facts, features=facts.features - {"tz"})
    return facts


def _read(text: str, file: str) -> SourceFacts:
    if len(text) > MAX_FILE:
        return SourceFacts(skipped=(file,))
    start = head(text)
    found = Collector(file)
    if not may_apply(file, start):
        return SourceFacts()
    for path, _, line in start.imports:
        if path != "C":
            found.add_import(path, line)
    _features(start.package, {path for path, _, _ in start.imports}, text, found)
    for kind, flags in _CGO_LINE.findall(start.preamble):
        for word in flags.split():
            name = word if kind == "pkg-config" else word[2:] if word.startswith("-l") else ""
            if name and not name.startswith("-"):
                found.add_library(name, next((n for p, _, n in start.imports if p == "C"), 1), "cgo")
    if _OF_INTEREST.search(text) or any(path in _OPENING for path, _, _ in start.imports):
        root = ts.parse(_GRAMMAR, text)
        if root is None:
            return replace(found.facts(), skipped=(file,))
        nodes = ts.captures(_GRAMMAR, _QUERY, root)
        if _OWN_PLACE.search(text):
            found.features.add("executable")
        _Calls(nodes, {_local_name(path, name): path for path, name, _ in start.imports}, found).read()
    return found.facts()


def _features(package: str, imports: set[str], text: str, found: Collector) -> None:
    network = {
        p
        for p in imports
        if (p == "net" or p.startswith("net/"))
        and p not in LANGUAGE.words("sources.toml", "imports", "no_network")
    }
    tls = imports.intersection(LANGUAGE.words("sources.toml", "imports", "tls"))
    marks = {
        "cgo": "C" in imports,
        "embed": "embed" in imports and "//go:embed" in text,
        "net": bool(network or tls - {"crypto/x509"}),
        "tls": bool(tls),
        "client": bool(tls) and _client().search(text) is not None,
        "user": not imports.isdisjoint(LANGUAGE.words("sources.toml", "imports", "users")),
        "plugin": "plugin" in imports,
        "gobuild": "go/build" in imports,
        "toolchain": any(n in toolchain_settings() for n in _SETTING.findall(text)),
        "main": package == "main" and _MAIN.search(text) is not None,
    }
    found.features |= {name for name, present in marks.items() if present}


@cache
def _client() -> re.Pattern[str]:
    return re.compile(LANGUAGE.facts("sources.toml")["imports"]["clients"])


def _local_name(path: str, name: str) -> str:
    """The name of a package in the file: as given, or by naming conventions."""
    if name:
        return name
    parts = path.split("/")
    if len(parts) > 1 and _VERSION.fullmatch(parts[-1]):
        parts.pop()
    return parts[-1].partition(".")[0].removeprefix("go-")


class _Calls(ts.Values):
    def __init__(self, nodes: dict[str, list[Node]], packages: dict[str, str], found: Collector) -> None:
        super().__init__(nodes.get("function", []))
        self.nodes, self.packages, self.found = nodes, packages, found
        self.made: set[str] = set()  # directories that the file creates itself

    def read(self) -> None:
        for node in self.nodes.get("binding", ()):
            self._bind(node)
        for node in self.nodes.get("unknown", ()):
            for name in (
                node.named_children[:-1] if node.type == "parameter_declaration" else node.named_children[:1]
            ):
                for inner in [name, *name.named_children]:
                    if inner.type == "identifier":
                        self.scopes.bind(ts.source(inner), node, None)
        for node in self.nodes.get("call", ()):
            if self._function(node) == "os.MkdirAll":
                made = {posixpath.normpath(v) for a in self._arguments(node)[:1] for v in self.values(a)}
                self.made |= made
                self.found.features |= {"creates" for path in made if not path.startswith("/")}
        for node in self.nodes.get("call", ()):
            self._call(node)
        for node in self.nodes.get("literal", ()):
            self._literal(node)
        for node in self.nodes.get("string", ()):
            text = _literal_text(ts.source(node))
            if text.startswith("file://"):
                self.found.add_path(text, ts.line(node))

    def _bind(self, node: Node) -> None:
        if node.type in {"const_spec", "var_spec"}:
            names = [n for n in node.children_by_field_name("name") if n.is_named]
            values = node.child_by_field_name("value")
            if values is None and node.type == "var_spec":
                return
        else:
            left = node.child_by_field_name("left")
            names = left.named_children if left is not None else []
            values = node.child_by_field_name("right")
        found = values.named_children if values is not None else []
        for index, name in enumerate(names):
            value = found[index] if index < len(found) and len(found) == len(names) else None
            if value is None and index == 0 and len(found) == 1:
                value = found[0]  # `path, err := exec.LookPath("x")`
            if name.type == "identifier":
                self.scopes.bind(ts.source(name), node, value)

    # --- values ---

    def _evaluate(self, node: Node) -> Iterator[str]:
        kind = node.type
        if kind in {"interpreted_string_literal", "raw_string_literal"}:
            yield _literal_text(ts.source(node))
        elif kind in {"parenthesized_expression", "unary_expression"} and node.named_children:
            yield from self.values(node.named_children[0])
        elif kind == "identifier":
            for value in self.scopes.values(ts.source(node), node)[: ts.MAX_VALUES]:
                yield from self.values(value) if value is not None else [UNKNOWN]
        elif kind == "binary_expression":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if (
                left is not None
                and right is not None
                and ts.source(node.child_by_field_name("operator")) == "+"
            ):
                yield from (text + self.one(right) for text in self.values(left))
        elif kind in {"call_expression", "type_conversion_expression"}:
            yield from self._call_value(node)

    def _call_value(self, node: Node) -> Iterator[str]:
        name, arguments = self._function(node), self._arguments(node)
        if not arguments:
            return
        if name in {"path/filepath.Join", "path.Join"}:
            rest = [self.one(argument) for argument in arguments[1:]]
            yield from (
                posixpath.normpath("/".join(p for p in (text, *rest) if p))
                for text in self.values(arguments[0])
            )
        elif name == "fmt.Sprintf":
            yield from (
                re.sub(r"%[-+# 0\d.\[\]*]*[a-zA-Z]", UNKNOWN, text) for text in self.values(arguments[0])
            )
        elif name in {"flag.String", "github.com/spf13/pflag.String"} and len(arguments) > 1:
            yield from self.values(arguments[1])
            yield UNKNOWN
        elif name in {
            "os/exec.LookPath",
            "path/filepath.Clean",
            "path/filepath.FromSlash",
            "net/http.Dir",
            "string",
            "path/filepath.Abs",
        }:
            yield from self.values(arguments[0])

    # --- calls ---

    def _function(self, node: Node) -> str:
        """`import/path.Name` of the function called, `.Name` for a method, "" for anything else."""
        function = node.child_by_field_name("function")
        if function is None:
            return ""
        if function.type == "identifier":
            name = ts.source(function)
            return f"{self.packages['.']}.{name}" if "." in self.packages else name
        return self._selected(function)

    def _selected(self, node: Node) -> str:
        if node.type != "selector_expression":
            return ""
        operand, field = node.child_by_field_name("operand"), node.child_by_field_name("field")
        package = ts.source(operand) if operand is not None and operand.type == "identifier" else ""
        return f"{self.packages.get(package, '')}.{ts.source(field)}"

    def _arguments(self, node: Node) -> list[Node]:
        arguments = node.child_by_field_name("arguments") or node.child_by_field_name("operand")
        return [a for a in arguments.named_children if a.type != "comment"] if arguments is not None else []

    def _call(self, node: Node) -> None:
        name = self._function(node)
        package, _, terminal = name.rpartition(".")
        line = ts.line(node)
        if package.endswith("sys/execabs"):
            name = f"os/exec.{terminal}"
        if name in _PROGRAMS:
            self._program(name, self._arguments(node)[_PROGRAMS[name] :], line)
        elif name == "time.LoadLocation":
            if not {*map(self.one, self._arguments(node)[:1])} <= {"UTC", ""}:
                self.found.features.add("tz")
        elif name in _ACCOUNTS:
            if not {*map(self.one, self._arguments(node)[:1])} <= {*distroless_accounts()}:
                self.found.features.add("accounts")
        elif name in _SERVICES:
            for text in (self.one(a) for a in self._arguments(node)[_SERVICES[name] :][:1]):
                self._address(text, asked=terminal == "LookupPort")
        elif name == "plugin.Open":
            for argument in self._arguments(node)[:1]:
                self.found.add_library(self.one(argument), line, name)
        elif name in _PATHS or terminal in _METHODS:
            arguments = self._arguments(node)
            for position in _PATHS.get(name) or _METHODS.get(terminal, ()):
                for text in self.values(arguments[position]) if position < len(arguments) else ():
                    self.found.add_path(text, line)
        elif name in _CREATES or name == "os.OpenFile":
            self._file(self._arguments(node), _CREATES.get(name), line)
        elif terminal == "Load" and package.endswith("godotenv"):
            for text in [t for a in self._arguments(node) for t in self.values(a)] or [".env"]:
                self.found.add_path(text, line)

    def _address(self, text: str, *, asked: bool) -> None:
        """An address or, where it is `asked` for, a port: the name of a service is looked up."""
        known = LANGUAGE.words("sources.toml", "services", "known")
        service = _SERVICE.search(f":{text}" if asked else text)
        if (asked and UNKNOWN in text) or (service is not None and service[1] not in known):
            self.found.features.add("services")

    def _file(self, arguments: list[Node], created: int | None, line: int) -> None:
        """A file that is created: its directory counts. os.OpenFile (None) also opens existing ones."""
        flags = ts.source(arguments[1]) if len(arguments) > 1 else ""
        creates = created is not None or "O_CREATE" in flags
        for text in self.values(arguments[created or 0]) if arguments else ():
            folder, slash, _ = text.rpartition("/")
            if creates and not text.startswith("/"):
                self.found.features.add("creates")
            if not creates or UNKNOWN in (folder or text):
                self.found.add_path(text, line)
            elif slash and not any(inside(posixpath.normpath(folder), made) for made in self.made):
                self.found.add_path(f"{folder}/", line)

    def _program(self, name: str, arguments: list[Node], line: int) -> None:
        if not arguments or posixpath.dirname(self.found.file).endswith(_KNOWN):
            return
        if re.fullmatch(r"os\.Args\[\s*0\s*\]", ts.source(arguments[0])):
            return  # the program itself
        if name.startswith(("syscall.", "os.")) and len(arguments) > 1:
            arguments = arguments[:1]  # then a slice whose first element repeats the name
        for argv in argument_lists([self.values(argument) for argument in arguments]):
            self.found.add_argv(argv, line)

    def _literal(self, node: Node) -> None:
        """`exec.Cmd{Path: …}`"""
        kind = ts.source(node.child_by_field_name("type")).split(".")
        body = node.child_by_field_name("body")
        if len(kind) != 2 or kind[1] != "Cmd" or self.packages.get(kind[0]) != "os/exec" or body is None:
            return
        for element in body.named_children:
            parts = element.named_children
            if len(parts) == 2 and ts.source(parts[0]) == "Path" and parts[1].named_children:
                for text in self.values(parts[1].named_children[0]):
                    self.found.add_argv((text,), ts.line(element))


def _literal_text(source: str) -> str:
    if source.startswith("`"):
        return source.strip("`")
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), source[1:-1], flags=re.DOTALL)
