"""The variables that are visible to each instruction when BuildKit expands it.

A stage starts with the environment of its base image. ENV and ARG add variables; the last value
wins. FROM lines see ARGs before the first FROM; a stage sees them only after `ARG name`. An
instruction does not see its own variables: in `ENV a=1 b=$a`, `b` gets the old `a`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping

from slimify.facts.system import default_path
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.syntax.dockerfile.instructions import arg_names, env_pairs, from_parts
from slimify.syntax.dockerfile.words import expand

# Set by --platform; the only variables that FROM lines see without an ARG.
_PLATFORM = tuple(
    f"{side}{part}" for side in ("BUILD", "TARGET") for part in ("PLATFORM", "OS", "ARCH", "VARIANT")
)

_Changes = dict[str, tuple[list[int], list[str | None]]]


class Scope(Mapping[str, str]):
    """The variables at one point of a stage. All scopes of a stage share one table. `is_open`: the base image
    may set others."""

    __slots__ = ("_at", "_base", "_changes", "_is_open")

    def __init__(self, base: Mapping[str, str], changes: _Changes, at: int, *, is_open: bool) -> None:
        self._base, self._changes, self._at, self._is_open = base, changes, at, is_open

    def __getitem__(self, name: str) -> str:
        places, values = self._changes.get(name, ((), ()))
        before = bisect_left(places, self._at)
        value = values[before - 1] if before else self._base.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return (name for name in {**self._base, **self._changes} if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Scope({dict(self)!r})"

    def is_unknown(self, name: str) -> bool:
        """Whether the base image may set a variable that the file does not."""
        return self._is_open and name not in self


class _Stage:
    def __init__(self, base: Mapping[str, str], *, is_open: bool = False) -> None:
        self.base, self.is_open = base, is_open
        self.changes: _Changes = {}

    def scope(self, at: int) -> Scope:
        return Scope(self.base, self.changes, at, is_open=self.is_open)

    def set(self, name: str, value: str | None, at: int) -> None:
        places, values = self.changes.setdefault(name, ([], []))
        places.append(at)
        values.append(value)


def scopes(
    dockerfile: Dockerfile, base_env: Mapping[str, str] | None, build_args: Mapping[str, str]
) -> tuple[Mapping[str, str], ...]:
    """The variables visible to each instruction, in order.

    `base_env` is the environment of every base image that is not another stage, None if it is not known:
    words with other variables than the file's own then have no value. `build_args` holds
    the values of `--build-arg`. An ARG without a value is absent, and so is a variable whose value
    BuildKit would reject.
    """
    escape = dockerfile.escape
    out: list[Mapping[str, str]] = []
    global_args = stage = _Stage({name: build_args[name] for name in _PLATFORM if name in build_args})
    named: dict[str, _Stage] = {}
    for at, instruction in enumerate(dockerfile.instructions):
        keyword = instruction.keyword
        if keyword == "FROM":
            out.append(global_args.scope(at))
            stage = _begin_stage(instruction, global_args.scope(at), named, base_env, escape, at)
            continue
        out.append(stage.scope(at))
        if keyword == "ENV":
            for name, value in env_pairs(instruction, escape):
                stage.set(expand(name, out[-1], escape) or "", expand(value, out[-1], escape), at)
        elif keyword == "ARG":
            _declare_args(instruction, stage, global_args, build_args, escape, at)
    return tuple(out)


def _begin_stage(
    instruction: Instruction,
    globals_: Scope,
    named: dict[str, _Stage],
    base_env: Mapping[str, str] | None,
    escape: str,
    at: int,
) -> _Stage:
    parts = from_parts(instruction)
    image = expand(parts.image, globals_, escape) or ""
    parent = named.get(image)  # stage names are in lower case; `FROM B` is always an image
    if parent is not None:
        base, is_open = dict(parent.scope(at)), parent.is_open
    else:
        base, is_open = dict(base_env or {}), base_env is None
    if image == "scratch":
        base, is_open = {}, False
    base.setdefault("PATH", default_path())
    stage = _Stage(base, is_open=is_open)
    if parts.alias:
        named[parts.alias] = stage
    return stage


def _declare_args(
    instruction: Instruction,
    stage: _Stage,
    global_args: _Stage,
    build_args: Mapping[str, str],
    escape: str,
    at: int,
) -> None:
    scope = stage.scope(at)
    for name, default in arg_names(instruction, escape):
        if stage is global_args:  # before the first FROM, an ARG sees earlier ones on the same line
            scope = stage.scope(at + 1)
        value = None if default is None else expand(default, scope, escape)
        name = expand(name, scope, escape) or ""
        if name in build_args:
            value = build_args[name]
        elif default is None and stage is not global_args:
            value = global_args.scope(at).get(name)
        if value is not None:
            stage.set(name, value, at)
