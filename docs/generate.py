"""The parts of the documentation that are made from the code.

A page says `<!-- generated: options rewrite -->` where a table belongs: see `_PARTS`. Each code has a page of
its own, with the smallest golden case in which it appears as the example, or with the input that raises it in
tests/data/codes/examples.md.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "golden"
_MARK = re.compile(r"^<!-- generated: (\S+)(?: (\S+))? -->$", re.MULTILINE)

SAFETY = {
    "safe": "safe: applied, because the evidence leaves no other reading",
    "assumed": "assumed: applied on an assumption that is stated",
    "advice": "advice: reported, and never applied without being asked for",
    "refusal": "refusal: the file is left unchanged",
    "error": "error: the input or the environment has to change first",
}


def expand(text: str) -> str:
    """A page with its generated parts."""
    return _MARK.sub(lambda found: _PARTS[found[1]](*filter(None, [found[2]])), text)


# --- tables -------------------------------------------------------------------------------------------


def _options(command: str) -> str:
    """Usage, arguments and options of a command, as its `--help` prints them."""
    from slimify.cli import app

    found = app.command(command)
    arguments = [p for p in found.params if p.param_type_name == "argument"]
    words = " ".join(_usage(p) for p in arguments)
    rows = [(_code(p.human_readable_name.strip("[].")), _sentence(p.help)) for p in arguments if p.help]
    rows += [_option(p) for p in found.params if p.param_type_name == "option" and "--help" not in p.opts]
    usage = f"```text\nslimify {command} [OPTIONS] {words}".rstrip() + "\n```"
    return f"{usage}\n\n{_table(('argument or option', ''), rows)}"


def _usage(argument: Any) -> str:
    name = argument.human_readable_name
    if name.startswith("[") or name.endswith("..."):
        return str(name)
    return f"{name if argument.required else f'[{name}]'}{'...' if argument.nargs == -1 else ''}"


def _option(option: Any) -> tuple[str, str]:
    """The row of an option: its names and values, and what it does."""
    names = ", ".join([*option.opts, *option.secondary_opts])
    choices = getattr(option.type, "choices", None)
    value = "" if option.is_flag else "|".join(map(str, choices)) if choices else option.metavar or "VALUE"
    shown = option.show_default
    default = shown if isinstance(shown, str) else _plain(option.default) if shown else ""
    return _code(f"{names} {value}".strip()), _sentence(option.help) + (
        f" Default: {default}." if default else ""
    )


def _plain(default: object) -> str:
    return str(default) if isinstance(default, str | int | float) and not isinstance(default, bool) else ""


def _settings() -> str:
    """The settings with their types and defaults."""
    from typing import get_args, get_type_hints

    from slimify.config import SETTINGS, Options

    hints, defaults, rows = get_type_hints(Options, include_extras=True), Options(), []
    for name in SETTINGS:
        field = name.replace("-", "_")
        kind, meta = get_args(hints[field])
        default = getattr(defaults, field)
        rows.append((_code(name), _kind(kind, default), _default(default), _sentence(meta.description)))
    return _table(("setting", "value", "default", ""), rows)


def _kind(kind: Any, default: object) -> str:
    from typing import Literal, get_args, get_origin

    if get_origin(kind) is Literal:
        return ", ".join(_code(json.dumps(value)) for value in get_args(kind))
    named = {bool: "`true` or `false`", str: "text", tuple: "list of texts"}
    return named.get(type(default), "table" if hasattr(default, "keys") else "size or share")


def _default(default: Any) -> str:
    if isinstance(default, bool):
        return _code(str(default).lower())
    return _code(getattr(default, "text", default)) if default and not hasattr(default, "keys") else ""


def _exit_codes() -> str:
    from slimify.cli.exit_codes import MEANINGS

    return _table(("exit code", ""), [(str(code), text) for code, text in MEANINGS.items()])


def _fields(name: str) -> str:
    """The fields of a JSON schema, with the types that they refer to."""
    schema = json.loads((ROOT / "slimify" / "report" / f"{name}.json").read_text("utf-8"))
    parts = [f"{schema['description']}\n\n{_properties(schema)}"]
    for key, part in schema["$defs"].items():
        if "properties" in part:
            about = f"{_sentence(part['description'])}\n\n" if "description" in part else ""
            parts.append(
                f"### {key} ({schema['title'].removeprefix('slimify ')})\n\n{about}{_properties(part)}"
            )
    return "\n\n".join(parts)


def _properties(schema: dict[str, Any]) -> str:
    rows = [
        (_code(k), _type(v), _sentence(v.get("description", ""))) for k, v in schema["properties"].items()
    ]
    return _table(("field", "type", ""), rows)


def _type(value: dict[str, Any]) -> str:
    if "$ref" in value:
        return value["$ref"].rpartition("/")[2]
    if "const" in value:
        return _code(json.dumps(value["const"]))
    if "enum" in value:
        return ", ".join(_code(json.dumps(item)) for item in value["enum"])
    if "anyOf" in value or "oneOf" in value:
        return " or ".join(_type(item) for item in value.get("anyOf") or value["oneOf"])
    kinds = value.get("type", "any")
    kinds = " or ".join(kinds) if isinstance(kinds, list) else kinds
    return f"{kinds} of {_type(value['items'])}" if "items" in value else kinds


def _codes() -> str:
    """All codes, in the groups of codes.toml."""
    text = (ROOT / "slimify" / "codes" / "codes.toml").read_text("utf-8")
    parts = []
    for group in re.split(r"^# --- ", text, flags=re.MULTILINE)[1:]:
        title = group.splitlines()[0].rstrip(" -")
        listed = tomllib.loads(group.partition("\n")[2])
        rows = [(f"[{code}](codes/{code}.md)", row["title"], row["safety"]) for code, row in listed.items()]
        parts.append(f"## {title[0].upper()}{title[1:]}\n\n{_table(('code', '', 'safety'), rows)}")
    return "\n\n".join(parts)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _code(text: object) -> str:
    shown = str(text).replace("|", "\\|")
    return f"`{shown}`"


def _sentence(text: str | None) -> str:
    """Text of the code as Markdown in a cell: options as code, a capital and a full stop."""
    shown = re.sub(
        r"(?<![\w`-])(--[a-z][\w-]*)", r"`\1`", (text or "").replace("|", "\\|").replace("<", "&lt;")
    )
    return shown and f"{shown[0].upper()}{shown[1:].rstrip('.')}."


_PARTS = {
    "options": _options,
    "settings": _settings,
    "exit-codes": _exit_codes,
    "fields": _fields,
    "codes": _codes,
}


# --- pages of codes -----------------------------------------------------------------------------------


class Example(NamedTuple):
    """What slimify makes of a golden case, as far as a page shows it."""

    case: str
    title: str
    command: str
    before: str
    after: str | None
    said: dict[str, list[str]]  # by code


def write_code_pages(directory: Path) -> None:
    """A page for each code. Pages that are as they were keep their times, so that they are not read again."""
    from slimify.codes import known

    found, shortest = _examples(), _shortest()
    directory.mkdir(exist_ok=True)
    for code, entry in known().items():
        path, text = directory / f"{code}.md", code_page(code, entry, found.get(code), shortest.get(code, ""))
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def code_page(code: str, entry: dict[str, str], example: Example | None, shortest: str = "") -> str:
    """The page of a code: with a golden case as the example, or with the shortest input that raises it."""
    parts = [f"# {code}: {entry['title']}", f"**Why.** {entry['why']}"]
    if "when_not" in entry:
        parts.append(f"**When not.** {entry['when_not']}")
    parts.append(f"**Safety.** {SAFETY[entry['safety']].capitalize()}.")
    if entry["safety"] in ("safe", "assumed", "advice"):
        parts.append(f"`# slimify: ignore {code} REASON` above an instruction silences it there.")
    if example is not None:
        title = f"{example.title[0].upper()}{example.title[1:]}"
        parts += ["## Example", f"{title} (`golden/{example.case}`). `{example.command}` says:"]
        parts.append("```text\n" + "\n".join(example.said[code]) + "\n```")
        parts += _texts(example)
    elif shortest:
        parts += ["## Example", shortest]
    elif wordings := _wordings(code):
        parts += ["## What slimify says", "\n".join(f"- {text}" for text in wordings)]
    parts.append("[All codes](../codes.md)")
    return "\n\n".join(parts) + "\n"


def _shortest() -> dict[str, str]:
    """The shortest inputs by code, as Markdown."""
    text = (ROOT / "tests" / "data" / "codes" / "examples.md").read_text("utf-8")
    text = re.sub(r"<!-- given: \w+ -->\n", "", text)
    _, *parts = re.split(r"^## (SL\d{3})$", text, flags=re.MULTILINE)
    named = {"original": "The original image:", "rewritten": "The rewritten image:"}
    return {
        code: re.sub(r"<!-- \w+: (\S+) -->", lambda m: named.get(m[1], f"`{m[1]}`:") + "\n", body.strip())
        for code, body in zip(parts[::2], parts[1::2], strict=True)
    }


def _wordings(code: str) -> list[str]:
    """The sentences of a code, with an ellipsis for what differs from case to case."""
    row = tomllib.loads((ROOT / "slimify" / "codes" / "codes.toml").read_text("utf-8"))[code]
    texts = [
        re.sub(r"`?{\w+:([^}|]*)\|[^}]*}`?|`?{[^}]*}`?", lambda found: found[1] or "…", text)
        for text in row.get("text", {}).values()
    ]
    return [text for text in texts if text.strip(" …")]


def _texts(example: Example) -> Iterator[str]:
    """The file before, and the change."""
    yield f"Before:\n\n```dockerfile\n{example.before.rstrip()}\n```"
    if example.after is None:
        yield "The file stays as it is."
        return
    lines = difflib.unified_diff(example.before.splitlines(), example.after.splitlines(), lineterm="", n=99)
    yield "After:\n\n```diff\n" + "\n".join(list(lines)[3:]) + "\n```"


def _examples() -> dict[str, Example]:
    """The smallest golden case for each code: where it changes something, if there is one."""
    with ProcessPoolExecutor() as pool:
        cases = [case for case in pool.map(_example, sorted(GOLDEN.iterdir())) if case is not None]
    cases.sort(
        key=lambda case: (
            case.after is None,
            "merge" in case.command,
            len(case.before) + len(case.after or ""),
        )
    )
    found: dict[str, Example] = {}
    for case in cases:
        for code in case.said:
            found.setdefault(code, case)
    return found


def _example(case: Path) -> Example | None:
    """A golden case as an example; None for files that are not text in UTF-8."""
    values = tomllib.loads((case / "case.toml").read_text("utf-8"))
    file, options = values.get("file", "Dockerfile"), values.get("args", [])
    words = ["merge", values["builder"]] if "builder" in values else ["rewrite"]
    shown = ["slimify", *words, *([file] if file != "Dockerfile" else []), *options]
    with tempfile.TemporaryDirectory() as scratch:
        context = Path(scratch) / "context"
        shutil.copytree(case / "input", context)
        for name, size in values.get("media", {}).items():
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            with (context / name).open("wb") as made:
                made.truncate(size)
        paths = [str(context / word) for word in words[1:]]
        result = _run(words[0], *paths, str(context / file), "--format", "json", *options)
    try:
        before = (case / "input" / file).read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None
    said: dict[str, list[str]] = {}
    for code, line, text in _said(result):
        row = f"{code}{f' line {line}' if line else ''}: {text}"
        if row not in said.setdefault(code, []):
            said[code].append(row)
    return Example(case.name, values["title"], " ".join(shown), before, result["dockerfile"], said)


def _run(*arguments: str) -> dict[str, Any]:
    """The JSON object of a command."""
    from slimify.cli import app

    out, before = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), sys.argv
    sys.argv = ["slimify", *arguments]
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.suppress(SystemExit),
        ):
            app.main()
    finally:
        sys.argv = before
    out.flush()
    return json.loads(out.buffer.getvalue())  # type: ignore[attr-defined,no-any-return]


def _said(result: Any, line: int | None = None) -> Iterator[tuple[str, int | None, str]]:
    """Each code of an object with its line and sentence, wherever in it."""
    if isinstance(result, list):
        for item in result:
            yield from _said(item, line)
    elif isinstance(result, dict):
        line = result.get("line") or line
        text = result.get("text") or result.get("message")
        if isinstance(result.get("code"), str) and text:
            yield result["code"], line, text
        for item in result.values():
            yield from _said(item, line)
