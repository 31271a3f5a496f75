"""setup.cfg and setup.py, as far as they can be read without execution."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Mapping
from contextlib import suppress

from msgspec import Struct, field

from slimify.context.scan import Context
from slimify.context.values import text_of
from slimify.languages.python.manifests.requirements import Requirement, parse_requirement


class SetupInfo(Struct, frozen=True, kw_only=True):
    """The content of the two files."""

    files: tuple[str, ...] = ()
    requires: tuple[Requirement, ...] = ()
    extras: Mapping[str, tuple[Requirement, ...]] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)
    requires_python: str | None = None
    data: tuple[str, ...] | None = ()  # where data files go, below the prefix; None if that can't be read


def setup_info(context: Context, dir: str = "") -> SetupInfo:
    """Both files of a directory; setup.py takes precedence over setup.cfg."""
    values: dict[str, object] = {}
    files = []
    cfg, script = posixpath.join(dir, "setup.cfg"), posixpath.join(dir, "setup.py")
    config = _setup_cfg(context.text(cfg))
    if config:
        files.append(cfg)
        values |= config
    text = context.text(script)
    if text is not None:
        files.append(script)
        values |= _setup_py(text)
    texts = {name: context.text(name) or "" for name in files}

    def parsed(key: str, value: object = None) -> tuple[Requirement, ...]:
        found = []
        for raw in _items(values.get(key) if value is None else value):
            file = next((name for name in files if raw in texts[name]), files[-1])
            at = texts[file].find(raw)
            line = texts[file].count("\n", 0, at) + 1 if at >= 0 else 1
            found.append(parse_requirement(raw, file=file, line=line))
        return tuple(found)

    extras = values.get("extras_require")
    return SetupInfo(
        files=tuple(files),
        requires=parsed("install_requires"),
        extras={
            key: parsed("", value) for key, value in (extras.items() if isinstance(extras, dict) else ())
        },
        scripts=_scripts(values),
        requires_python=text_of(values.get("python_requires")),
        data=_data(values.get("data_files"), texts.get(script, "")),
    )


def _data(declared: object, text: str) -> tuple[str, ...] | None:
    """The directories of `data_files`; None if the setup.py names some that are not literal."""
    if declared is None:
        return None if re.search(r"\bdata_files\b", text) else ()
    return tuple(text_of(item) or "" for item in declared) if isinstance(declared, (dict, list)) else None


def _items(value: object) -> list[str]:
    if isinstance(value, str):
        value = value.splitlines()
    items = (
        [item.strip() for item in value if isinstance(item, str)] if isinstance(value, (list, tuple)) else []
    )
    return [item for item in items if item and not item.startswith("#")]


def _scripts(values: Mapping[str, object]) -> Mapping[str, str]:
    """The commands that the package installs: console scripts, and script files by name."""
    found: dict[str, str] = {}
    points = values.get("entry_points")
    if isinstance(points, dict):
        for line in _items(points.get("console_scripts")):
            name, _, target = line.partition("=")
            found[name.strip()] = target.strip()
    for path in _items(values.get("scripts")):
        found.setdefault(posixpath.basename(path), path)
    return found


def _setup_cfg(text: str | None) -> dict[str, object]:
    if text is None:
        return {}
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}

    def section(name: str) -> dict[str, str]:
        return dict(parser[name]) if parser.has_section(name) else {}

    found: dict[str, object] = {**section("metadata"), **section("options")}
    if "data_files" in section("files"):  # pbr's
        found["data_files"] = section("files")["data_files"]
    for key in ("extras_require", "entry_points", "data_files"):
        if values := section(f"options.{key}"):
            found[key] = values
    return found


def _setup_py(text: str) -> dict[str, object]:
    """The literal arguments of `setup()`. Module-level constants count as literals."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    constants: dict[str, ast.expr] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            constants[statement.targets[0].id] = statement.value
    literal: dict[str, object] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node.func) == "setup":
            for keyword in node.keywords:
                value = keyword.value
                if isinstance(value, ast.Name):
                    value = constants.get(value.id, value)
                if keyword.arg == "data_files" and isinstance(value, ast.List):
                    value = ast.List([i.elts[0] if isinstance(i, ast.Tuple) else i for i in value.elts])
                with suppress(ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                    literal[keyword.arg or "*"] = ast.literal_eval(value)
    return literal


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
