"""What JavaScript and TypeScript sources need at run time, read with tree-sitter.

CommonJS and ES modules, JSX, TypeScript, and the script parts of Vue and Svelte files. Names are followed
through `require`, `import`, destructuring, `promisify` and the wrappers that compilers put around modules.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from slimify.context import tree_sitter_reader as ts
from slimify.context.source_uses import (
    HERE,
    MAX_FILE,
    UNKNOWN,
    Collector,
    argument_lists,
    directory_marker,
    merge,
    relative_to_file,
)
from slimify.languages.node import LANGUAGE
from slimify.languages.node.sources.values import PATH_JOINS, Evaluator, arguments_of
from slimify.model.regex import regex
from slimify.model.sources import SourceFacts, Use

if TYPE_CHECKING:
    from tree_sitter import Node

_FACTS = LANGUAGE.facts("sources.toml")


def _words(*keys: str) -> frozenset[str]:
    return frozenset(LANGUAGE.words("sources.toml", *keys))


BUILTINS = _words("builtins")
_JAVASCRIPT = ts.Grammar("tree_sitter_javascript")
_TYPESCRIPT = ts.Grammar("tree_sitter_typescript", "language_typescript")
_TSX = ts.Grammar("tree_sitter_typescript", "language_tsx")
_GRAMMARS = {"ts": _TYPESCRIPT, "mts": _TYPESCRIPT, "cts": _TYPESCRIPT, "tsx": _TSX}
_PARTS = {"vue", "svelte", "astro"}
_SCRIPT = regex(r"(<script\b[^<>]*>)|</script\b", re.IGNORECASE)
_PACKAGE = regex(r"(@[\w.~-]+/[\w.~-]+|[A-Za-z0-9_][\w.~-]*)(?:/.*)?")

# Functions that start a program, by whether their first argument is shell text.
_SHELL = _words("programs", "shell")
_NAMED = _words("programs", "named")
_TAGS = _words("programs", "tags")
_FORKS = _words("programs", "forks")
# Positions of file names among the arguments, by qualified name or by the method's name alone.
_FS = _words("files", "functions")
_FS_MODULES = _words("files", "modules")
_PATHS: Mapping[str, int] = _FACTS["paths"]
_METHODS: Mapping[str, int] = _FACTS["methods"]
_DIRECTORY_SETTINGS = _words("files", "settings")
_QUERY = """
[(function_declaration) (function_expression) (arrow_function) (method_definition) (generator_function)
 (generator_function_declaration)] @function
[(call_expression) (new_expression)] @call
[(import_statement) (export_statement source: (_))] @import
[(variable_declarator) (assignment_expression)] @binding
(formal_parameters) @parameters
"""


def read(text: str, file: str) -> SourceFacts:
    """What one file needs. `file` is its path from the context root. Never fails."""
    return read_module(text, file)[0]


def read_many(files: Iterable[tuple[str, str]]) -> SourceFacts:
    """What many files need, as (path, text); linear in their size.

    Files of more than `uses.MAX_FILE` characters (bundles), or too deeply nested, are listed in `skipped`.
    """
    return merge(read(text, file) for file, text in files)


def read_module(text: str, file: str) -> tuple[SourceFacts, tuple[Use, ...]]:
    """What one file needs, and the modules it imports by a relative name.

    The latter are paths from the context root, as written: mostly without an extension, or a directory with
    an index file.
    """
    reader = reader_of(text, file)
    if reader is None:
        return SourceFacts(skipped=(file,)), ()
    return reader.found.facts(), tuple(reader.relative)


def reader_of(text: str, file: str, more: str = "") -> Reader | None:
    """What has read a file; None for one that is not read. `more` are patterns that it captures as well."""
    if len(text) > MAX_FILE:
        return None
    extension = posixpath.basename(file).rpartition(".")[2].lower()
    if extension in _PARTS:
        text = _script_parts(text)
    grammar = _TYPESCRIPT if extension in _PARTS else _GRAMMARS.get(extension, _JAVASCRIPT)
    root = ts.parse(grammar, text)
    if root is not None and root.has_error and grammar == _JAVASCRIPT:
        typed = ts.parse(_TSX, text)  # Flow's annotations read as TypeScript's
        if typed is not None and not typed.has_error:
            grammar, root = _TSX, typed
    if root is None:
        return None
    reader = Reader(ts.captures(grammar, _QUERY + more, root), file)
    reader.read()
    return reader


def _script_parts(text: str) -> str:
    """The text with everything outside `<script>` blanked, so that line numbers stay the same."""
    parts = []
    end = 0
    inside = False
    for match in _SCRIPT.finditer(text):
        if inside == bool(match[1]):
            continue  # a nested opening, or a closing without one
        at = match.end() if match[1] else match.start()
        parts.append(text[end:at] if inside else re.sub(r"[^\n]", " ", text[end:at]))
        end, inside = at, not inside
    return "".join(parts)


def package_of(specifier: str) -> str:
    """The npm package of an import specifier; "" for relative, built-in and bundler-specific ones."""
    match = _PACKAGE.fullmatch(specifier)
    if not match or ":" in specifier or match[1] == "@" or specifier in BUILTINS:
        return ""
    return "" if specifier.partition("/")[0] in BUILTINS and not specifier.endswith("/") else match[1]


class Reader:
    def __init__(self, nodes: dict[str, list[Node]], file: str) -> None:
        self.nodes = nodes
        self.found = Collector(file)
        self.relative: dict[Use, None] = {}
        self.names = Evaluator(nodes, file)

    def read(self) -> None:
        for node in self.nodes.get("import", ()):
            self._import(node)
        self.names.bind()
        for node in self.nodes.get("call", ()):
            self._call(node)

    # --- names ---

    def _module(self, specifier: str, line: int) -> str:
        """Records an imported module; returns its name without `node:`."""
        name = specifier.removeprefix("node:")
        if specifier.startswith("."):
            path = relative_to_file(self.found.file, specifier)
            if UNKNOWN not in path and not path.startswith(".."):
                self.relative[self.found.use(path, line)] = None
            else:
                self.found.add_path(f"{directory_marker(self.found.file)}/{specifier}", line)
        else:
            self.found.add_import(package_of(specifier), line)
        return name

    def _import(self, node: Node) -> None:
        source = node.child_by_field_name("source")
        clauses = [c for c in node.named_children if c.type in {"import_clause", "import_require_clause"}]
        if source is None and clauses:
            source = clauses[0].child_by_field_name("source")
        if source is None or [ts.source(child) for child in node.children[1:2]] == ["type"]:
            return  # the latter is erased by the compiler
        module = self._module(self.names.one(source), ts.line(node))
        for clause in clauses:
            for child in clause.named_children:
                if child.type == "identifier":
                    self.names.aliases[ts.source(child)] = module
                elif child.type == "namespace_import" and child.named_children:
                    self.names.aliases[ts.source(child.named_children[0])] = module
                for name in child.named_children if child.type == "named_imports" else ():
                    imported = ts.source(name.child_by_field_name("name"))
                    alias = ts.source(name.child_by_field_name("alias")) or imported
                    self.names.aliases[alias] = module if imported == "default" else f"{module}.{imported}"

    # --- calls ---

    def _call(self, node: Node) -> None:
        function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        if function is None:
            return
        line, arguments = ts.line(node), arguments_of(node)
        source = ts.source(function) if function.type in {"identifier", "import"} else ""
        template = node.child_by_field_name("arguments")
        name = self.names.qualified(function)
        if source in {"require", "import"} or name == "require.resolve":
            if arguments:
                self._module(self.names.one(arguments[0]), line)
        elif template is not None and template.type == "template_string":
            if name in _TAGS or name.partition("(")[0] in _TAGS:
                self.found.add_shell(self.names.template(template), line)
        elif name in _SHELL or name in _NAMED or name in _FORKS:
            self._program(name, arguments, line)
        else:
            self._path(name, arguments, line)
            if name in PATH_JOINS:  # relative to the file: counts as opened
                for text in self.names.values(node):
                    if text.startswith(HERE):
                        self.found.add_path(text, line)

    def _program(self, name: str, arguments: list[Node], line: int) -> None:
        if not arguments or arguments[0].type == "spread_element":
            self.found.add_argv((UNKNOWN,), line)
            return
        rest = arguments[1:]
        if name in _FORKS or name == "execa.node":
            self.found.add_argv(("node",), line)
            for text in self.names.values(arguments[0]):
                self.found.add_path(text, line)
            return
        first = arguments[0]
        if first.type == "array" and first.named_children:  # Bun.spawn([…])
            rest, first = [first], first.named_children[0]
        shell = name in _SHELL or self._through_shell(rest)
        for text in self.names.values(first):
            if shell:
                self.found.add_shell(text, line)
            else:
                for argv in argument_lists([[text], *self._listed(rest)]):
                    self.found.add_argv(argv, line)

    def _listed(self, rest: list[Node]) -> list[list[str]]:
        if not rest or rest[0].type != "array":
            return []
        return [self.names.values(element) for element in rest[0].named_children[:50]]

    def _through_shell(self, rest: list[Node]) -> bool:
        """Whether the options contain `shell: …`, other than false."""
        for options in rest:
            for pair in options.named_children if options.type == "object" else ():
                key = pair.child_by_field_name("key") if pair.type == "pair" else pair
                value = pair.child_by_field_name("value")
                if ts.source(key).strip("'\"") == "shell" and ts.source(value) != "false":
                    return True
        return False

    def _path(self, name: str, arguments: list[Node], line: int) -> None:
        module, _, method = name.rpartition(".")
        position = _PATHS.get(name)
        if (
            position is None
            and method in _FS
            and (module in _FS_MODULES or module.endswith(("fs", "fs.promises")))
        ):
            position = 0
        if position is None and method in _METHODS:
            position = _METHODS[method]
        if position is None and method == "set" and len(arguments) == 2:
            position = 1 if self.names.one(arguments[0]) in _DIRECTORY_SETTINGS else None
        if position is not None and position < len(arguments):
            for text in self.names.values(arguments[position]):
                self.found.add_path(text, line)
