"""What JavaScript and TypeScript sources need when they run, read with tree-sitter.

CommonJS and ES modules, JSX, TypeScript, and the script parts of Vue and Svelte files. Names are
followed through `require`, `import`, destructuring, `promisify` and the wrappers that compilers
put around modules.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from slimify.context.uses import HERE, MAX_FILE, UNKNOWN, Collector, beside, here, merge, words
from slimify.model import SourceFacts, Use

if TYPE_CHECKING:
    from tree_sitter import Node

    from slimify.context.treesitter import Scopes

BUILTINS = words(
    """
    assert async_hooks buffer child_process cluster console constants crypto dgram
    diagnostics_channel dns domain events fs http http2 https inspector module net os path
    perf_hooks process punycode querystring readline repl stream string_decoder sys timers tls
    trace_events tty url util v8 vm wasi worker_threads zlib
    """
)
_GRAMMARS = {"ts": "typescript", "mts": "typescript", "cts": "typescript", "tsx": "tsx"}
_PARTS = {"vue", "svelte", "astro"}
_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_PACKAGE = re.compile(r"(@[\w.~-]+/[\w.~-]+|[A-Za-z0-9_][\w.~-]*)(?:/.*)?")

# Functions that start a program: whether their first argument is shell text.
_SHELL = words(
    """
    child_process.exec child_process.execSync shelljs.exec execa.command execa.commandSync
    execa.execaCommand execa.execaCommandSync shelljs.cmd
    """
)
_NAMED = words(
    """
    child_process.spawn child_process.spawnSync child_process.execFile child_process.execFileSync
    execa execa.sync execa.execa execa.execaSync execa.node cross-spawn cross-spawn.spawn
    cross-spawn.sync which which.sync shelljs.which command-exists command-exists.sync hasbin
    hasbin.sync Bun.spawn Bun.spawnSync tinyexec.x tinyexec.exec nano-spawn node-pty.spawn
    """
)
_TAGS = words("zx.$ execa.$ $ Bun.$ bun.$ execa execa.execa dax.$")
_FORKS = frozenset({"child_process.fork"})
# Positions of file names among the arguments, by qualified name or by the method's name alone.
_FS = words(
    """
    readFile readFileSync createReadStream existsSync readdir readdirSync stat statSync lstat
    lstatSync access accessSync open openSync opendir copyFile copyFileSync cp cpSync realpath
    realpathSync readJson readJsonSync readJSON readJSONSync copy copySync pathExists
    pathExistsSync watch watchFile
    """
)
_FS_MODULES = words("fs fs.promises fs/promises fs-extra graceful-fs")
_PATHS = {
    "express.static": 0,
    "serve-static": 0,
    "koa-static": 0,
    "serve-favicon": 0,
    "Bun.file": 0,
    "Worker": 0,
    "worker_threads.Worker": 0,
}
_METHODS = {
    "sendFile": 0,
    "sendfile": 0,
    "useStaticAssets": 0,
    "setBaseViewsDir": 0,
    "loadPackageDefinition": 0,
}
_DIRECTORY_SETTINGS = frozenset({"views", "public", "layout"})
_SAME = words(
    """
    path.normalize fs.realpathSync String require.resolve url.fileURLToPath fileURLToPath which
    which.sync shelljs.which
    """
)
_INTEROP = re.compile(r"_*(?:interop\w*|import(?:Default|Star)|toESM)")
_PROMISIFY = words("util.promisify promisify bluebird.promisify pify es6-promisify.promisify")
_QUERY = """
[(function_declaration) (function_expression) (arrow_function) (method_definition) (generator_function)
 (generator_function_declaration)] @function
[(call_expression) (new_expression)] @call
[(import_statement) (export_statement source: (_))] @import
[(variable_declarator) (assignment_expression)] @binding
(formal_parameters) @parameters
(arrow_function parameter: (identifier) @parameter)
"""


def read(text: str, file: str) -> SourceFacts:
    """What one file needs. `file` is its path from the context root. Never fails."""
    return read_module(text, file)[0]


def read_many(files: Iterable[tuple[str, str]]) -> SourceFacts:
    """What many files need, as (path, text). Linear in their size.

    Files of more than `uses.MAX_FILE` characters (bundles), or nested beyond reason, are named in
    `skipped`.
    """
    return merge(read(text, file) for file, text in files)


def read_module(text: str, file: str) -> tuple[SourceFacts, tuple[Use, ...]]:
    """What one file needs, and the modules it imports by a relative name.

    The latter are paths from the context root, as written: mostly without an extension, or a
    directory with an index file.
    """
    from slimify.context import treesitter

    if len(text) > MAX_FILE:
        return SourceFacts(skipped=(file,)), ()
    extension = posixpath.basename(file).rpartition(".")[2].lower()
    if extension in _PARTS:
        text = _script_parts(text)
    grammar = "typescript" if extension in _PARTS else _GRAMMARS.get(extension, "javascript")
    root = treesitter.parse(grammar, text)
    if root is not None and root.has_error and grammar == "javascript":
        typed = treesitter.parse("tsx", text)  # Flow's annotations read as TypeScript's
        if typed is not None and not typed.has_error:
            grammar, root = "tsx", typed
    if root is None:
        return SourceFacts(skipped=(file,)), ()
    reader = _Reader(treesitter.captures(grammar, _QUERY, root), file)
    reader.read()
    return reader.found.facts(), tuple(reader.relative)


def _script_parts(text: str) -> str:
    """The text with everything outside `<script>` blanked, so that lines stay."""
    parts = []
    end = 0
    for match in _SCRIPT.finditer(text):
        parts += [re.sub(r"[^\n]", " ", text[end : match.start(1)]), match[1]]
        end = match.end(1)
    return "".join(parts)


def package_of(specifier: str) -> str:
    """The npm package of an import specifier; "" for relative, built-in and bundler-made ones."""
    match = _PACKAGE.fullmatch(specifier)
    if not match or ":" in specifier or match[1] == "@" or specifier in BUILTINS:
        return ""
    return "" if specifier.partition("/")[0] in BUILTINS and not specifier.endswith("/") else match[1]


class _Reader:
    def __init__(self, nodes: dict[str, list[Node]], file: str) -> None:
        from slimify.context import treesitter

        self.ts = treesitter
        self.nodes = nodes
        self.found = Collector(file)
        self.relative: dict[Use, None] = {}
        self.scopes: Scopes = treesitter.Scopes(nodes.get("function", []))
        self.aliases: dict[str, str] = {}
        self.known: dict[int, list[str]] = {}
        self.depth = 0

    def read(self) -> None:
        for node in self.nodes.get("import", ()):
            self._import(node)
        for node in self.nodes.get("parameters", ()):
            for parameter in node.named_children:
                self._unknown(parameter)
        for node in self.nodes.get("parameter", ()):
            self._unknown(node)
        for node in self.nodes.get("binding", ()):
            self._bind(node)
        for node in self.nodes.get("call", ()):
            self._call(node)

    # --- names ---

    def _module(self, specifier: str, line: int) -> str:
        """Notes an imported module; its name without `node:`."""
        name = specifier.removeprefix("node:")
        if specifier.startswith("."):
            path = beside(self.found.file, specifier)
            if UNKNOWN not in path and not path.startswith(".."):
                self.relative[self.found.use(path, line)] = None
            else:
                self.found.add_path(f"{here(self.found.file)}/{specifier}", line)
        else:
            self.found.add_import(package_of(specifier), line)
        return name

    def _import(self, node: Node) -> None:
        head = [self.ts.source(child) for child in node.children[:2]]
        if head[1:] == ["type"]:
            return  # erased by the compiler
        source = node.child_by_field_name("source")
        clauses = [c for c in node.named_children if c.type in {"import_clause", "import_require_clause"}]
        if source is None and clauses:
            source = clauses[0].child_by_field_name("source")
        if source is None:
            return
        module = self._module(self.one(source), self.ts.line(node))
        for clause in clauses:
            for child in clause.named_children:
                if child.type == "identifier":
                    self.aliases[self.ts.source(child)] = module
                elif child.type == "namespace_import" and child.named_children:
                    self.aliases[self.ts.source(child.named_children[0])] = module
                for name in child.named_children if child.type == "named_imports" else ():
                    imported = self.ts.source(name.child_by_field_name("name"))
                    alias = self.ts.source(name.child_by_field_name("alias")) or imported
                    self.aliases[alias] = module if imported == "default" else f"{module}.{imported}"

    def _unknown(self, parameter: Node) -> None:
        for name in [parameter, *parameter.named_children]:
            if name.type == "identifier":
                self.scopes.bind(self.ts.source(name), parameter, None)

    def _bind(self, node: Node) -> None:
        declared = node.type == "variable_declarator"
        target = node.child_by_field_name("name" if declared else "left")
        value = node.child_by_field_name("value" if declared else "right")
        if target is None:
            return
        if target.type == "object_pattern":
            origin = self._qualified(value) if value is not None else ""
            for part in target.named_children:
                key, local = part, part
                if part.type == "pair_pattern":
                    key = part.child_by_field_name("key") or part
                    local = part.child_by_field_name("value") or part
                if origin:
                    self.aliases[self.ts.source(local)] = f"{origin}.{self.ts.source(key)}"
                elif local.type in {"shorthand_property_identifier_pattern", "identifier"}:
                    self.scopes.bind(self.ts.source(local), node, None)
        elif target.type == "identifier":
            origin = self._qualified(value) if value is not None else ""
            name = self.ts.source(target)
            if origin and (value is None or value.type != "identifier" or origin != self.ts.source(value)):
                self.aliases[name] = origin
            if value is not None or not declared:
                self.scopes.bind(name, node, value)
        elif target.type == "member_expression" and value is not None:
            self.scopes.bind(self.ts.source(target), node, value)

    def _qualified(self, node: Node, depth: int = 0) -> str:
        """`module.member` for what an expression refers to, imports resolved; "" if it is no name."""
        tail: list[str] = []
        while depth < 50:
            depth += 1
            kind = node.type
            if kind == "member_expression":
                tail.append(self.ts.source(node.child_by_field_name("property")))
                inner = node.child_by_field_name("object")
            elif kind in {
                "parenthesized_expression",
                "await_expression",
                "non_null_expression",
                "as_expression",
            }:
                inner = node.named_children[0] if node.named_children else None
            elif kind == "sequence_expression":  # `(0, child_process_1.exec)`
                inner = node.named_children[-1] if node.named_children else None
            elif kind == "call_expression":
                name = self._returned(node, depth)
                return self._name(name, tail) if name else ""
            elif kind in {"identifier", "shorthand_property_identifier"}:
                name = self.ts.source(node)
                return self._name(self.aliases.get(name, name), tail)
            else:
                return ""
            if inner is None:
                return ""
            node = inner
        return ""

    def _name(self, head: str, tail: list[str]) -> str:
        return ".".join([head, *(part for part in reversed(tail) if part != "default")])

    def _returned(self, node: Node, depth: int) -> str:
        """The module that `require("x")`, or a wrapper around it, gives."""
        function, arguments = node.child_by_field_name("function"), self._arguments(node)
        if function is None or len(arguments) == 0:
            return ""
        name = self.ts.source(function)
        if name in {"require", "import"}:
            specifier = self.one(arguments[0])
            return "" if UNKNOWN in specifier else specifier.removeprefix("node:")
        if _INTEROP.fullmatch(name.rpartition(".")[2]) or self._qualified(function, depth + 1) in _PROMISIFY:
            return self._qualified(arguments[0], depth + 1)
        return ""

    # --- values ---

    def values(self, node: Node) -> list[str]:
        """All strings an expression may be, at most a few; UNKNOWN for what is not known."""
        known = self.known.get(node.id)
        if known is not None:
            return known
        if self.depth > 25:
            return [UNKNOWN]
        self.known[node.id] = [UNKNOWN]  # what a definition by itself is
        self.depth += 1
        found = list(dict.fromkeys(text[:4000] for text in self._evaluate(node)))[:6]
        self.depth -= 1
        self.known[node.id] = found or [UNKNOWN]
        return self.known[node.id]

    def one(self, node: Node) -> str:
        found = self.values(node)
        return found[0] if len(found) == 1 else UNKNOWN

    def _evaluate(self, node: Node) -> Iterator[str]:
        kind = node.type
        if kind == "string":
            yield _unescaped(self.ts.source(node)[1:-1])
        elif kind == "template_string":
            yield self._template(node)
        elif kind in {"parenthesized_expression", "as_expression", "non_null_expression", "await_expression"}:
            yield from self.values(node.named_children[0]) if node.named_children else ()
        elif kind in {"identifier", "member_expression"}:
            yield from self._named(node)
        elif kind == "binary_expression":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            operator = self.ts.source(node.child_by_field_name("operator"))
            if left is not None and right is not None and operator == "+":
                yield from (text + self.one(right) for text in self.values(left))
            elif left is not None and right is not None and operator in {"||", "??"}:
                yield from self.values(left)
                yield from self.values(right)
        elif kind == "ternary_expression":
            for field in ("consequence", "alternative"):
                branch = node.child_by_field_name(field)
                yield from self.values(branch) if branch is not None else ()
        elif kind == "call_expression":
            yield from self._call_value(node)
        elif kind == "new_expression" and self.ts.source(node.child_by_field_name("constructor")) == "URL":
            arguments = self._arguments(node)
            if len(arguments) == 2 and self.ts.source(arguments[1]) == "import.meta.url":
                yield f"{here(self.found.file)}/{self.one(arguments[0])}"

    def _template(self, node: Node) -> str:
        text = ""
        for child in node.named_children:
            if child.type == "template_substitution":
                text += self.one(child.named_children[0]) if child.named_children else UNKNOWN
            else:
                text += _unescaped(self.ts.source(child))
        return text

    def _named(self, node: Node) -> Iterator[str]:
        name = self.ts.source(node)
        fixed = {
            "__dirname": here(self.found.file),
            "__filename": f"{HERE}/{self.found.file}",
            "import.meta.dirname": here(self.found.file),
            "import.meta.url": f"{HERE}/{self.found.file}",
            "process.execPath": "node",
            "process.argv0": "node",
        }
        if name in fixed:
            yield fixed[name]
            return
        for value in self.scopes.values(name, node)[:6]:
            yield from self.values(value) if value is not None else [UNKNOWN]

    def _call_value(self, node: Node) -> Iterator[str]:
        function, arguments = node.child_by_field_name("function"), self._arguments(node)
        if function is None:
            return
        name = self._qualified(function)
        if name == "process.cwd":
            yield "."
        elif name in {"path.join", "path.resolve", "path.posix.join", "path.posix.resolve"} and arguments:
            parts = [self.one(argument) for argument in arguments]
            join = _resolved if name.endswith("resolve") else "/".join
            yield posixpath.normpath(join([p for p in parts if p] or ["."]))
        elif name == "path.dirname" and arguments:
            yield from (posixpath.dirname(text) for text in self.values(arguments[0]))
        elif name in _SAME and arguments:
            yield from self.values(arguments[0])

    # --- calls ---

    def _arguments(self, node: Node) -> list[Node]:
        arguments = node.child_by_field_name("arguments")
        if arguments is None or arguments.type == "template_string":
            return []
        return [a for a in arguments.named_children if a.type != "comment"]

    def _call(self, node: Node) -> None:
        function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        if function is None:
            return
        line, arguments = self.ts.line(node), self._arguments(node)
        source = self.ts.source(function) if function.type in {"identifier", "import"} else ""
        template = node.child_by_field_name("arguments")
        name = self._qualified(function)
        if source in {"require", "import"} or name == "require.resolve":
            if arguments:
                self._module(self.one(arguments[0]), line)
        elif template is not None and template.type == "template_string":
            if name in _TAGS or name.partition("(")[0] in _TAGS:
                self.found.add_shell(self._template(template), line, name)
        elif name in _SHELL or name in _NAMED or name in _FORKS:
            self._program(name, arguments, line)
        else:
            self._path(name, arguments, line)

    def _program(self, name: str, arguments: list[Node], line: int) -> None:
        if not arguments or arguments[0].type == "spread_element":
            self.found.add_argv((UNKNOWN,), line, name)
            return
        rest = arguments[1:]
        if name in _FORKS or name == "execa.node":
            self.found.add_argv(("node",), line, name)
            for text in self.values(arguments[0]):
                self.found.add_path(text, line)
            return
        first = arguments[0]
        if first.type == "array" and first.named_children:  # Bun.spawn([…])
            rest, first = [first], first.named_children[0]
        shell = name in _SHELL or self._through_shell(rest)
        for text in self.values(first):
            if shell:
                self.found.add_shell(text, line, name)
            else:
                self.found.add_argv((text, *self._listed(rest)), line, name)

    def _listed(self, rest: list[Node]) -> list[str]:
        if not rest or rest[0].type != "array":
            return []
        return [self.one(element) for element in rest[0].named_children[:50]]

    def _through_shell(self, rest: list[Node]) -> bool:
        """Whether the options say `shell: …`, other than false."""
        for options in rest:
            for pair in options.named_children if options.type == "object" else ():
                key = pair.child_by_field_name("key") if pair.type == "pair" else pair
                value = pair.child_by_field_name("value")
                if self.ts.source(key).strip("'\"") == "shell" and self.ts.source(value) != "false":
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
            position = 1 if self.one(arguments[0]) in _DIRECTORY_SETTINGS else None
        if position is not None and position < len(arguments):
            for text in self.values(arguments[position]):
                self.found.add_path(text, line)


def _resolved(parts: list[str]) -> str:
    """`path.resolve`: the last absolute part counts, and what stands behind it."""
    for index in range(len(parts) - 1, -1, -1):
        if parts[index].startswith(("/", HERE)):
            return "/".join(parts[index:])
    return "/".join(parts)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), text, flags=re.DOTALL)
