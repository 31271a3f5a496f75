"""What Python expressions evaluate to, as far as the file itself tells.

Flow-insensitive: a name has every value that its scope ever assigns to it. A value is a string, or a tuple
of strings for a list; unknown values are `UNKNOWN`, alone or inside a string.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator
from itertools import islice, product

import libcst as cst
from msgspec import Struct, field

from slimify.context.source_uses import HERE, UNKNOWN, argument_lists, normalized_path
from slimify.languages.python import LANGUAGE
from slimify.model.regex import regex

Value = str | tuple[str, ...]

_MAX_VALUES = 6  # alternatives kept of one expression
_MAX_LENGTH = 4000  # characters, and elements of a list
_DEPTH = 25
_PERCENT = regex(r"%(?:\(\w+\))?[-+ #0]*[\d.*]*[a-zA-Z]")
_BRACES = regex(r"\{[^{}]*\}")
_SAME = frozenset(LANGUAGE.words("sources.toml", "values", "same"))
_SAME_METHODS = frozenset(LANGUAGE.words("sources.toml", "values", "same_methods"))


class Scope(Struct):
    """The bindings of a module, class or function; None for a binding with unknown value. Of a function, also
    its name and its parameters; of a class its name."""

    parent: Scope | None = None
    names: dict[str, list[cst.BaseExpression | None]] = field(default_factory=dict)
    function: str = ""
    parameters: tuple[str, ...] = ()

    def bind(self, name: str, value: cst.BaseExpression | None) -> None:
        self.names.setdefault(name, []).append(value)

    def values(self, name: str) -> tuple[list[cst.BaseExpression | None], Scope] | None:
        """All values that an expression may have, up to a limit; never empty."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name], scope
            scope = scope.parent
        return None


class Evaluator(Struct):
    """Evaluates the expressions of one file; `aliases` are local names of imports."""

    place: str  # the value of `__file__`
    aliases: dict[str, str] = field(default_factory=dict)
    starred: list[str] = field(default_factory=list)  # modules imported with `*`
    attributes: dict[str, list[tuple[cst.BaseExpression, Scope]]] = field(default_factory=dict)
    _known: dict[int, list[Value]] = field(default_factory=dict)
    _depth: int = 0

    def qualified(self, node: cst.CSTNode, scope: Scope) -> str:
        """The dotted name of a function with import aliases resolved; "" for anything else."""
        tail: list[str] = []
        while isinstance(node, cst.Attribute):
            tail.append(node.attr.value)
            node = node.value
        if not isinstance(node, cst.Name) or len(tail) > 20:
            return ""
        head = self.aliases.get(node.value, "")
        bound = None if head else scope.values(node.value)
        if bound and len(bound[0]) == 1 and self._depth < _DEPTH:
            target = bound[0][0]
            if isinstance(target, (cst.Attribute, cst.Name)) and not target.deep_equals(node):
                self._depth += 1
                head = self.qualified(target, bound[1])
                self._depth -= 1
        return ".".join([head or node.value, *reversed(tail)])

    def values(self, node: cst.CSTNode, scope: Scope) -> list[Value]:
        """All that an expression may be, at most a few; never empty."""
        known = self._known.get(id(node))
        if known is not None:
            return known
        if self._depth >= _DEPTH:
            return [UNKNOWN]
        self._known[id(node)] = [UNKNOWN]  # what a definition by itself is
        self._depth += 1
        found = list(islice(dict.fromkeys(_shortened(v) for v in self._evaluate(node, scope)), _MAX_VALUES))
        self._depth -= 1
        self._known[id(node)] = found or [UNKNOWN]
        return self._known[id(node)]

    def texts(self, node: cst.CSTNode, scope: Scope) -> list[str]:
        """The values that are strings."""
        return [v if isinstance(v, str) else UNKNOWN for v in self.values(node, scope)]

    def one(self, node: cst.CSTNode, scope: Scope) -> str:
        """The only string an expression can be, or UNKNOWN."""
        found = self.texts(node, scope)
        return found[0] if len(found) == 1 else UNKNOWN

    def _evaluate(self, node: cst.CSTNode, scope: Scope) -> Iterator[Value]:
        if isinstance(node, (cst.SimpleString, cst.ConcatenatedString, cst.FormattedString)):
            yield self._string(node, scope)
        elif isinstance(node, (cst.Name, cst.Attribute)):
            yield from self._named(node, scope)
        elif isinstance(node, (cst.List, cst.Tuple)):
            yield from self._list(node, scope)
        elif isinstance(node, cst.BinaryOperation):
            yield from self._operation(node, scope)
        elif isinstance(node, cst.Call):
            yield from self._call(node, scope)
        elif isinstance(node, cst.IfExp):
            yield from self.values(node.body, scope)
            yield from self.values(node.orelse, scope)
        elif isinstance(node, cst.BooleanOperation):
            yield from self.values(node.left, scope)
            yield from self.values(node.right, scope)
        elif isinstance(node, cst.NamedExpr):
            yield from self.values(node.value, scope)
        elif isinstance(node, cst.Subscript) and isinstance(node.value, cst.Name):
            yield UNKNOWN

    def _string(self, node: cst.BaseString, scope: Scope) -> str:
        if isinstance(node, cst.SimpleString):
            try:
                value = node.evaluated_value
            except (ValueError, SyntaxError):
                return UNKNOWN
            return value if isinstance(value, str) else value.decode("latin-1")
        if isinstance(node, cst.ConcatenatedString):
            return self._string(node.left, scope) + self.one(node.right, scope)
        if not isinstance(node, cst.FormattedString):
            return UNKNOWN
        text = ""
        for part in node.parts:
            if isinstance(part, cst.FormattedStringText):
                text += part.value.replace("{{", "{").replace("}}", "}")
            elif isinstance(part, cst.FormattedStringExpression):
                text += self.one(part.expression, scope)
        return text

    def _named(self, node: cst.Name | cst.Attribute, scope: Scope) -> Iterator[Value]:
        if isinstance(node, cst.Name):
            if node.value == "__file__":
                yield self.place
                return
            bound = scope.values(node.value)
            if bound:
                for value in bound[0][:_MAX_VALUES]:
                    yield from self.values(value, bound[1]) if value is not None else [UNKNOWN]
                if len(bound[0]) > _MAX_VALUES:
                    yield UNKNOWN
                return
        if self.qualified(node, scope) == "sys.executable":
            yield "python"
        elif isinstance(node, cst.Attribute) and node.attr.value == "parent":
            yield from (_parent(text) for text in self.texts(node.value, scope))
        elif isinstance(node, cst.Attribute) and node.attr.value in self.attributes:
            for value, where in self.attributes[node.attr.value][:_MAX_VALUES]:
                yield from self.values(value, where)

    def _list(self, node: cst.List | cst.Tuple, scope: Scope) -> Iterator[Value]:
        rest: list[list[str]] = []
        heads: list[tuple[str, ...]] = [()]
        for index, element in enumerate(node.elements[:_MAX_LENGTH]):
            if isinstance(element, cst.StarredElement):
                inner = [v if isinstance(v, tuple) else (UNKNOWN,) for v in self.values(element.value, scope)]
                if index == 0:
                    heads = inner
                else:
                    rest += [[text] for text in inner[0]] if len(inner) == 1 else [[UNKNOWN]]
            elif index == 0:
                heads = [(text,) for text in self.texts(element.value, scope)]
            else:
                rest.append(self.texts(element.value, scope))
        for head in heads:
            for tail in argument_lists(rest):
                yield (*head, *tail)

    def _operation(self, node: cst.BinaryOperation, scope: Scope) -> Iterator[Value]:
        if isinstance(node.operator, cst.Modulo):
            yield from (_PERCENT.sub(UNKNOWN, text) for text in self.texts(node.left, scope))
            return
        pairs = islice(product(self.values(node.left, scope), self.values(node.right, scope)), _MAX_VALUES)
        for left, right in pairs:
            if isinstance(node.operator, cst.Divide) and isinstance(left, str) and isinstance(right, str):
                yield posixpath.join(left, right)
            elif not isinstance(node.operator, cst.Add):
                yield UNKNOWN
            elif isinstance(left, tuple):
                yield (*left, *(right if isinstance(right, tuple) else (UNKNOWN,)))
            else:
                yield left + right if isinstance(right, str) else UNKNOWN

    def _call(self, node: cst.Call, scope: Scope) -> Iterator[Value]:
        name = self.qualified(node.func, scope)
        arguments = [a.value for a in node.args if a.keyword is None and not a.star]
        method = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
        if name in _SAME and arguments:
            yield from (
                self.values(arguments[0], scope) if len(arguments) == 1 else self._joined(arguments, scope)
            )
        elif name in {"os.path.join", "posixpath.join"} and arguments:
            yield from self._joined(arguments, scope)
        elif name in {"os.path.dirname", "posixpath.dirname"} and arguments:
            yield from (_parent(text) for text in self.texts(arguments[0], scope))
        elif name in {"importlib.resources.files", "importlib_resources.files"} and arguments:
            yield from (text.replace(".", "/") for text in self.texts(arguments[0], scope))
        elif name == "shlex.split" and arguments:
            yield from (_words(text) for text in self.texts(arguments[0], scope))
        elif name in {"os.environ.get", "os.getenv", "os.environ.setdefault"}:
            if len(arguments) == 2:
                yield from self.values(arguments[1], scope)
            yield UNKNOWN
        elif not isinstance(node.func, cst.Attribute):
            return
        elif method == "format":
            yield from (_BRACES.sub(UNKNOWN, text) for text in self.texts(node.func.value, scope))
        elif method == "split":
            yield from (_words(text) for text in self.texts(node.func.value, scope))
        elif method == "joinpath":
            yield from self._joined([node.func.value, *arguments], scope)
        elif method in _SAME_METHODS:
            yield from self.values(node.func.value, scope)

    def _joined(self, nodes: list[cst.BaseExpression], scope: Scope) -> Iterator[str]:
        first, *rest = nodes
        tail = [self.one(node, scope) for node in rest]
        for text in self.texts(first, scope):
            yield posixpath.join(text, *tail)


def _shortened(value: Value) -> Value:
    if isinstance(value, tuple) or len(value) <= _MAX_LENGTH:
        return value[:_MAX_LENGTH]
    return value[:_MAX_LENGTH] + UNKNOWN


def _parent(path: str) -> str:
    if path == HERE:
        return f"{HERE}/.."
    return posixpath.dirname(normalized_path(path)) if UNKNOWN not in path.rpartition("/")[0] else UNKNOWN


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())
