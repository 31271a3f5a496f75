"""Commands that platforms and CI services run in an image, by their files, which facts describe."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.context.build_scripts import jenkinsfile
from slimify.context.compose.bake import Build
from slimify.context.compose.image_names import ImageNames
from slimify.context.compose.yaml_commands import (
    BuiltImage,
    RunCommand,
    check_command,
    own_services,
    start_of,
)
from slimify.context.scan import Context, clean
from slimify.context.yaml_nodes import MAX_BYTES, documents, entries, get, items, pairs, reached, string
from slimify.facts.platforms import PlatformFile, platform_files
from slimify.model.regex import regex
from slimify.model.sources import Use

if TYPE_CHECKING:
    from yaml import Node

_VARIABLE = regex(r"\$\{?(?P<name>\w+)\}?")
CHECKOUT = "/checkout"  # where CI mounts the sources, whatever it is called


def platform_builds(context: Context, path: str) -> Iterator[Build]:
    """What a file builds, if it may say which stage."""
    for row in (row for row in platform_files() if row.target and row.describes(path)):
        for root in documents(context, path):
            section = row.target.rpartition(".")[0]
            if any(map(pairs, reached(root, section))) and not _first(root, row.image):
                file = _first(root, row.dockerfile) or "Dockerfile"
                yield Build(dockerfile=file, stage=_first(root, row.target))


def platform_commands(
    context: Context, path: str, image: BuiltImage, names: ImageNames
) -> Iterator[RunCommand]:
    """The commands that a file runs in the image."""
    for row, unit in _own_units(context, path, image, names, platform_files()):
        for place in row.commands.split():
            first, plus, rest = place.partition("+")
            if plus:
                yield start_of(get(unit, first), get(unit, rest), path, unit)
                continue
            for node in reached(unit, place):
                text = _text(node, lines=row.ci)
                inside = row.ci or row.develops
                found = RunCommand(
                    text=text,
                    file=path,
                    line=_line(context, path, node),
                    entrypoint=inside,
                    starts=not inside,
                )
                if text.strip():
                    yield _in_checkout(found, image) if inside else found
        for place in row.checks.split():
            for node in reached(unit, place):
                yield from check_command(node, path)


def jenkins_commands(
    context: Context, path: str, image: BuiltImage, names: ImageNames
) -> Iterator[RunCommand]:
    """The commands of a Jenkinsfile, if its steps run in the image."""
    text = context.text(path, MAX_BYTES) or ""
    if any(
        names.may_mean_own(name, elsewhere=True) if name else clean(file) == clean(image.dockerfile)
        for file, name in jenkinsfile.containers(text)
    ):
        steps = list(jenkinsfile.steps(text))
        script = "\n".join(step.text for step in steps)
        for step in steps[:1]:
            yield _in_checkout(RunCommand(text=script, file=path, line=step.first, entrypoint=True), image)


def _in_checkout(command: RunCommand, image: BuiltImage) -> RunCommand:
    """The command where the sources are mounted and it is started among them."""
    checkout = posixpath.join(CHECKOUT, image.context).rstrip("/")
    return replace(command, mounts=((".", checkout),), cwd=CHECKOUT)


def development_container(context: Context, path: str, image: BuiltImage, names: ImageNames) -> Iterator[Use]:
    """Where a file makes the image one that people develop in."""
    rows = [row for row in platform_files() if row.develops]
    for _, unit in _own_units(context, path, image, names, rows):
        yield Use(name=path, file=path, line=unit.start_mark.line + 1)


def _own_units(
    context: Context, path: str, image: BuiltImage, names: ImageNames, rows: Iterable[PlatformFile]
) -> Iterator[tuple[PlatformFile, Node]]:
    """The parts of a file that run the image, with the row that describes them."""
    folder = posixpath.dirname(path)
    rows = [row for row in rows if row.describes(path)]
    rows = [row for row in rows if not row.beside or context.has(posixpath.join(folder, row.beside))]
    text = context.text(path, MAX_BYTES) or "" if rows else ""
    rows = [row for row in rows if row.may_name_an_image(text)]
    for row in rows:
        units = [
            (unit, _expanded(_first(unit, row.image) or _first(root, row.default_image), row, root, unit))
            for root in documents(context, path)
            for place in row.units.split() or ("",)
            for unit in reached(root, place)
            if _first(unit, row.kind) in (row.kinds or ("",))
        ]
        named = row.ci or row.many or any(names.means_own(name) for _, name in units)
        for unit, name in units:
            if (
                names.may_mean_own(name, elsewhere=named)
                if name
                else _builds(context, row, unit, path, image)
                or any(_is_service(context, row, unit, path, image, names))
            ):
                yield row, unit


def _builds(context: Context, row: PlatformFile, unit: Node, path: str, image: BuiltImage) -> bool:
    """Whether the unit is built from the Dockerfile of the image."""
    own, folder = clean(image.dockerfile), posixpath.dirname(path)
    given = {string(n) for place in row.dockerfile.split() for n in reached(unit, place)} - {""}
    names = given or ({"Dockerfile"} if row.builds else set())
    for name in names:
        places = (folder, posixpath.dirname(folder), "" if given else folder)
        paths = [clean(posixpath.normpath(posixpath.join(place, name))) for place in places]
        if next((p for p in paths if p == own or context.has(p)), "") == own:
            return True
    return False


def _is_service(
    context: Context, row: PlatformFile, unit: Node, path: str, image: BuiltImage, names: ImageNames
) -> Iterator[bool]:
    """Whether the unit is a service with the image, of each Compose file that it names."""
    for file in (string(n) for place in row.compose.split() for n in reached(unit, place)):
        other = posixpath.normpath(posixpath.join(posixpath.dirname(path), file))
        services = own_services(context, other, image, names) if file else ()
        yield any(service.name == _first(unit, row.service) for service in services)


def _expanded(image: str, row: PlatformFile, root: Node, unit: Node) -> str:
    """The name of an image with the variables that the file sets, for all of it or for the unit."""
    tables = [table for node in (root, unit) for table in reached(node, row.variables) if row.variables]
    values = {n: string(v) or string(get(v, "value")) for table in tables for n, v in entries(table)}
    return _VARIABLE.sub(lambda found: values.get(found["name"]) or found[0], image)


def _first(node: Node, places: str) -> str:
    """The first text at one of these places."""
    found = (string(n).strip() for place in places.split() for n in reached(node, place))
    return next(filter(None, found), "")


def _text(node: Node, *, lines: bool) -> str:
    """A command line: text, the words of a list, or `lines` of one."""
    if not items(node):
        return string(node)
    parts = [text for item in items(node) if (text := string(item))]
    return "\n".join(parts) if lines or len(parts) == 1 else shlex.join(parts)


def _line(context: Context, path: str, node: Node) -> int:
    if not path.endswith(".toml"):
        return int(node.start_mark.line) + 1 + (getattr(node, "style", None) in ("|", ">"))
    first = (string(node) or string(next(iter(items(node)), None))).strip().partition("\n")[0]
    before, found, _ = (context.text(path) or "").partition(first or "\n")
    return 1 + before.count("\n") if first and found else 1
