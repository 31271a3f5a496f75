"""The uses in a Python syntax tree.

The tree is walked by hand: libcst's visitors rebuild every node, which costs more than parsing, and its
line numbers cost twice that. The line of a call is found by counting calls of the same name in the text.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from functools import cache

import libcst as cst

from slimify.context.source_uses import HERE, UNKNOWN, Collector, Helper, constant_path, directory_marker
from slimify.facts.system import is_libc_library
from slimify.languages.python.sources.functions import (
    INTERESTING,
    LIBRARIES,
    LOADED,
    LOADERS,
    NAMED,
    PACKAGE_PATHS,
    PATH_METHODS,
    PATHS,
    PROGRAM_ITEMS,
    PROGRAM_STARTERS,
    RUNNERS,
    RUNNING_MODULES,
    SHELL,
    canonical_name,
    dotted_name,
    last_name,
    program_attribute,
    starts_at,
)
from slimify.languages.python.sources.scan import Lines
from slimify.languages.python.sources.values import Evaluator, Scope
from slimify.model.regex import regex

_NOT_CODE = regex(
    r"whitespace|newline|_lines|lines_after|[lr]par$|bracket$|^(comma|dot|semicolon|equal|header|footer)$"
)
_CALLED = regex(r"\b([^\W\d]\w*)\s*\(")
_MAX_DEPTH = 12  # of an expression that depends on a parameter
_MODE = regex(r"[rwaxbtU+]{1,4}")


_BINDING = frozenset(
    {cst.Assign, cst.AnnAssign, cst.NamedExpr, cst.For, cst.CompFor, cst.AsName, cst.Import, cst.ImportFrom}
    | {cst.FunctionDef, cst.Lambda, cst.ClassDef}
)


@cache
def _fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """The fields that hold code, last first: the walk takes them from a stack."""
    names = [f.name for f in dataclasses.fields(kind) if not _NOT_CODE.search(f.name)]
    if "decorators" in names:  # come first in the text
        names = ["decorators", *(n for n in names if n != "decorators")]
    return tuple(reversed(names))


def collect(module: cst.Module, text: str, code: str, lines: Lines, found: Collector) -> None:
    """Adds the uses in the tree to `found`. `code` is the text without literals."""
    _Reader(text, code, lines, found).read(module)


class _Reader:
    def __init__(self, text: str, code: str, lines: Lines, found: Collector) -> None:
        self.text, self.code, self.lines, self.found = text, code, lines, found
        self.evaluator = Evaluator(place=f"{HERE}/{found.file}")
        self.positions: dict[str, list[int]] = {}  # of calls, by the name called, last first
        for match in _CALLED.finditer(code):
            self.positions.setdefault(match[1], []).append(match.start())
        for offsets in self.positions.values():
            offsets.reverse()
        self.line = 1
        imports = {use.name for use in found.imports}
        self.has_runners, self.others = bool(imports & RUNNING_MODULES), imports - RUNNING_MODULES

    def read(self, module: cst.Module) -> None:
        calls: list[tuple[cst.Call | cst.Subscript, Scope]] = []
        divisions: dict[int, tuple[cst.BinaryOperation, Scope]] = {}
        stack: list[tuple[cst.CSTNode, Scope]] = [(module, Scope())]
        while stack:
            node, scope = stack.pop()
            kind = type(node)
            if kind in _BINDING:
                scope = self._bind(node, scope)
            elif isinstance(node, (cst.Call, cst.Subscript)):
                calls.append((node, scope))
            elif isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Divide):
                divisions[id(node)] = (node, scope)
            for name in _fields(kind):
                value = getattr(node, name)
                if isinstance(value, cst.CSTNode):
                    stack.append((value, scope))
                elif isinstance(value, (tuple, list)):
                    stack += [(item, scope) for item in reversed(value) if isinstance(item, cst.CSTNode)]
        for call, scope in calls:
            if isinstance(call, cst.Call):
                self._call(call, scope)
            else:
                self._item(call, scope)
        for inner in [id(node.left) for node, _ in divisions.values()]:
            divisions.pop(inner, None)  # a part of a longer path
        for node, scope in divisions.values():
            self._beside(node, scope)

    # --- bindings ---

    def _bind(self, node: cst.CSTNode, scope: Scope) -> Scope:
        """Records what a node binds; returns the scope for its content."""
        if isinstance(node, cst.Assign):
            for target in node.targets:
                self._assign(target.target, node.value, scope)
        elif (isinstance(node, cst.AnnAssign) and node.value is not None) or isinstance(node, cst.NamedExpr):
            self._assign(node.target, node.value, scope)
        elif isinstance(node, (cst.For, cst.CompFor)):
            items = node.iter.elements if isinstance(node.iter, (cst.List, cst.Tuple)) else ()
            for item in items:
                self._assign(node.target, item.value, scope)
            if not items:
                self._assign(node.target, None, scope)
        elif isinstance(node, cst.AsName):
            self._assign(node.name, None, scope)
        elif isinstance(node, (cst.Import, cst.ImportFrom)):
            self._import(node)
        elif isinstance(node, (cst.FunctionDef, cst.Lambda)):
            return self._function(node, scope)
        elif isinstance(node, cst.ClassDef):
            return Scope(scope, function=node.name.value)
        return scope

    def _assign(self, target: cst.CSTNode, value: cst.BaseExpression | None, scope: Scope) -> None:
        if isinstance(target, cst.Name):
            scope.bind(target.value, value)
            if value is not None and scope.parent is not None:
                self.evaluator.attributes.setdefault(target.value, []).append((value, scope))
        elif isinstance(target, cst.Attribute):
            if value is not None:
                self.evaluator.attributes.setdefault(target.attr.value, []).append((value, scope))
        elif isinstance(target, (cst.Tuple, cst.List)):
            same = isinstance(value, (cst.Tuple, cst.List)) and len(value.elements) == len(target.elements)
            for index, element in enumerate(target.elements):
                inner = (
                    value.elements[index].value if same and isinstance(value, (cst.Tuple, cst.List)) else None
                )
                self._assign(element.value, inner, scope)

    def _function(self, node: cst.FunctionDef | cst.Lambda, scope: Scope) -> Scope:
        inner = Scope(scope)
        p = node.params
        star = [s for s in (p.star_arg, p.star_kwarg) if isinstance(s, cst.Param)]
        given = (*p.posonly_params, *p.params, *star[:1], *p.kwonly_params, *star[1:])
        if isinstance(node, cst.FunctionDef):
            names = (parameter.name.value for parameter in given)
            inner.function = node.name.value
            inner.parameters = tuple(name for name in names if name not in ("self", "cls"))
        for parameter in given:
            inner.bind(parameter.name.value, parameter.default)
            if parameter.default is not None:
                inner.bind(parameter.name.value, None)
        return inner

    def _import(self, node: cst.Import | cst.ImportFrom) -> None:
        if isinstance(node, cst.ImportFrom):
            module = "" if node.relative or node.module is None else dotted_name(node.module)
            if isinstance(node.names, cst.ImportStar):
                self.evaluator.starred.append(module)
                return
        else:
            module = ""
        names = () if isinstance(node.names, cst.ImportStar) else node.names
        for alias in names:
            name = dotted_name(alias.name)
            if isinstance(node, cst.ImportFrom):
                if not module:
                    continue
                local, target = alias.evaluated_alias or name, canonical_name(f"{module}.{name}")
            elif alias.evaluated_alias:
                local, target = alias.evaluated_alias, canonical_name(name)
            else:
                local = target = name.partition(".")[0]
            if local != target:
                self.evaluator.aliases[local] = target
            program = program_attribute(f"{module}.{name}")
            if program:
                place = re.search(rf"\b{re.escape(name)}\b", self.code)
                self._argv((program,), self.lines.at(place.start()) if place else 1)

    # --- calls ---

    def _call(self, call: cst.Call, scope: Scope) -> None:
        terminal = last_name(call.func)
        if not terminal:
            return
        offsets = self.positions.get(terminal)
        if offsets:
            self.line = self.lines.at(offsets.pop())
        name = self._name(call.func, scope)
        if self._starts(name, call.args, scope):
            return
        if terminal in LIBRARIES or (terminal in LOADERS and call.args):
            self._library(name, call.args, scope)
        elif terminal in {"import_module", "__import__", "find_spec"}:
            for text in self._texts(call.args, 0, scope):
                if not text.startswith("."):
                    self.found.add_import(text.partition(".")[0], self.line)
        elif terminal in {"join", "joinpath"}:
            self._beside(call, scope)
        elif terminal in PATHS or terminal in PATH_METHODS or terminal in {"Flask", "files"}:
            self._path(terminal, call, scope)
        else:
            self._passed_on(call.args, scope)

    def _name(self, node: cst.CSTNode, scope: Scope) -> str:
        name = canonical_name(self.evaluator.qualified(node, scope))
        if "." not in name:
            for module in self.evaluator.starred:
                if starts_at(f"{module}.{name}") is not None:
                    return f"{module}.{name}"
            if name in PROGRAM_STARTERS:
                return f"subprocess.{name}" if name != "create_subprocess_exec" else f"asyncio.{name}"
        return name

    def _starts(self, name: str, arguments: Sequence[cst.Arg], scope: Scope) -> bool:
        """Adds the program if `name` starts one."""
        program = program_attribute(name)
        if program and name.partition(".")[0] not in self.evaluator.aliases:
            self._argv((program,))
            return True
        if self._is_runner(name):
            position: int | None = 0
        else:
            position = starts_at(name)
        if position is None:
            return False
        keywords = {a.keyword.value: a.value for a in arguments if a.keyword is not None}
        plain = [a for a in arguments if a.keyword is None]
        if any(a.star for a in plain[: position + 1]):
            self._argv((UNKNOWN,))
            return True
        given = plain[position].value if len(plain) > position else None
        for word in ("args", "cmd", "command", "file", "path"):
            given = given or keywords.get(word)
        if given is None:
            self._argv((UNKNOWN,))
            return True
        if "executable" in keywords:
            for text in self.evaluator.texts(keywords["executable"], scope):
                self._argv((text,))
        rest = [a.value for a in plain[position + 1 :]]
        self._start(name, given, rest, keywords.get("shell"), scope)
        return True

    def _is_runner(self, name: str) -> bool:
        """Whether it is a method that runs shell text, and of no other module."""
        head, _, method = name.rpartition(".")
        own = bool(head) and head.partition(".")[0] not in self.others
        return self.has_runners and method in RUNNERS and own

    def _item(self, node: cst.Subscript, scope: Scope) -> None:
        """Adds the program that `local["git"]` of plumbum is, or the one in `cmd.git["pull"]`."""
        name = self._name(node.value, scope)
        program = program_attribute(name)
        if program:
            self._argv((program,))
        for element in node.slice if name in PROGRAM_ITEMS else ():
            if isinstance(element.slice, cst.Index):
                for text in self.evaluator.texts(element.slice.value, scope):
                    self._argv((text,), self._line_of(element.slice.value))

    def _start(
        self, name: str, program: cst.BaseExpression, rest: list[cst.BaseExpression],
        shell: cst.BaseExpression | None, scope: Scope,
    ) -> None:  # fmt: skip
        shells = name in SHELL or name.endswith("subprocess_shell") or self._is_runner(name)
        through_shell = shells or _maybe_true(shell)
        for value in self.evaluator.values(program, scope):
            if (value if isinstance(value, str) else "".join(value)).startswith(UNKNOWN):
                self.found.helpers |= dict.fromkeys(_helpers(program, scope))
            if isinstance(value, tuple):
                if through_shell:  # the first element is the text, the others its parameters
                    self.found.add_shell(value[0] if value else UNKNOWN, self.line)
                else:
                    self._argv(value)
            elif through_shell:
                self.found.add_shell(value, self.line)
            elif name in LOADED and constant_path(value):
                self.found.add_path(value, self.line)
            elif name.startswith("pexpect."):
                self._argv(tuple(value.split()) or (UNKNOWN,))
            elif name in NAMED or name.endswith("subprocess_exec"):
                self._argv((value, *self._arguments(name, rest, scope)))
            else:  # a command line in one string works on Windows only, but shows the intent
                self._argv((value,) if "/" in value or " " not in value else tuple(value.split()))

    def _arguments(self, name: str, rest: list[cst.BaseExpression], scope: Scope) -> tuple[str, ...]:
        """The arguments after the program; the exec and spawn families repeat its name first."""
        if name.startswith(("os.execv", "os.spawnv", "os.posix_spawn")):
            value = self.evaluator.values(rest[0], scope)[0] if rest else ()
            return value[1:] if isinstance(value, tuple) else ()
        texts = tuple(self.evaluator.one(node, scope) for node in rest)
        return texts[1:] if name.startswith("os.") else texts

    def _argv(self, argv: Sequence[str], line: int | None = None) -> None:
        line = line or self.line
        self.found.add_argv(argv, line)
        base = argv[0].rpartition("/")[2] if argv else ""
        if base.startswith("python") and len(argv) > 2 and argv[1] == "-m":
            self.found.add_import(argv[2].partition(".")[0], line)

    def _passed_on(self, arguments: Sequence[cst.Arg], scope: Scope) -> None:
        """`partial(subprocess.run, […])` and similar: a function passed on with its arguments."""
        for index, argument in enumerate(arguments):
            if (
                isinstance(argument.value, (cst.Attribute, cst.Name))
                and last_name(argument.value) in INTERESTING
            ):
                self._starts(self._name(argument.value, scope), arguments[index + 1 :], scope)

    # --- libraries and files ---

    def _library(self, name: str, arguments: Sequence[cst.Arg], scope: Scope) -> None:
        texts = self._texts(arguments, 0, scope)
        if name == "ctypes.util.find_library" and not (texts and all(map(is_libc_library, texts))):
            # It calls ldconfig, or a compiler or linker if that is missing. None for a part of the C library
            # still opens the program itself, which has it.
            self._argv(("ldconfig",))
        if not arguments or (isinstance(arguments[0].value, cst.Name) and arguments[0].value.value == "None"):
            return  # the running program itself
        for text in texts:
            self.found.add_library(text, self.line, name)

    def _path(self, terminal: str, call: cst.Call, scope: Scope) -> None:
        folder = directory_marker(self.found.file)
        if terminal in PATH_METHODS and isinstance(call.func, cst.Attribute):
            for text in self.evaluator.texts(call.func.value, scope):
                self.found.add_path(text, self.line)
        keywords = {a.keyword.value: a.value for a in call.args if a.keyword is not None}
        if terminal == "Flask":
            for keyword, default in (("template_folder", "templates"), ("static_folder", "static")):
                given = keywords.get(keyword)
                for text in self.evaluator.texts(given, scope) if given is not None else [default]:
                    self.found.add_path(f"{folder}/{text}", self.line)
        elif terminal in PATHS:
            position, keyword = PATHS[terminal]
            texts = self._texts(call.args, position, scope)
            if not texts and keyword in keywords:
                texts = self.evaluator.texts(keywords[keyword], scope)
            for text in texts:
                if not _MODE.fullmatch(text):  # of `path.open("rb")`
                    name = f"{folder}/{text}" if terminal in PACKAGE_PATHS else text
                    self.found.add_path(name, self.line)

    def _beside(self, node: cst.Call | cst.BinaryOperation, scope: Scope) -> None:
        """Adds a path built on `__file__` as opened."""
        for text in self.evaluator.texts(node, scope):
            if text.startswith(HERE):
                line = self.line if isinstance(node, cst.Call) else self._line_of(node.right)
                self.found.add_path(text, line)

    def _line_of(self, node: cst.CSTNode) -> int:
        """The first line of a literal; the tree has no better position."""
        offset = self.text.find(node.value) if isinstance(node, cst.SimpleString) else -1
        return self.lines.at(offset) if offset >= 0 else 1

    def _texts(self, arguments: Sequence[cst.Arg], position: int, scope: Scope) -> list[str]:
        plain = [a for a in arguments if a.keyword is None and not a.star]
        return self.evaluator.texts(plain[position].value, scope) if len(plain) > position else []


def _helpers(node: cst.CSTNode, scope: Scope, depth: int = 0) -> Iterator[Helper]:
    """The functions whose parameters an expression depends on."""
    if isinstance(node, cst.Name):
        bound = scope.values(node.value)
        values, owner = bound if bound is not None else ([], scope)
        if node.value in owner.parameters:
            made = owner.parent if owner.function == "__init__" and owner.parent is not None else owner
            yield Helper(made.function, node.value, owner.parameters.index(node.value))
        parts: Sequence[cst.CSTNode] = [value for value in values if value is not None]
    else:
        parts, owner = node.children, scope
    for part in parts if depth < _MAX_DEPTH else ():
        yield from _helpers(part, owner, depth + 1)


def _maybe_true(node: cst.BaseExpression | None) -> bool:
    return node is not None and not (isinstance(node, cst.Name) and node.value == "False")
