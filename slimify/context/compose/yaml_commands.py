"""Commands that Compose files run in an image.

YAML is read as nodes: they keep line numbers, construct no objects, and do not expand aliases.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from slimify.context.compose.image_names import ImageNames, repository
from slimify.context.scan import Context, clean
from slimify.context.yaml_nodes import MAX_BYTES, documents, entries, get, items, pairs, string, words
from slimify.model.sources import Use

if TYPE_CHECKING:
    from yaml import Node

_MOUNT = re.compile(r":(/[^:]+)")
_MAX_EXTENDED = 8
_BUILD_ACTION = "docker/build-push-action"


class RunCommand(Struct, frozen=True, kw_only=True):
    """A command that is run in the image; without text, what the image starts by itself.

    `entrypoint`: it overrides the entrypoint, not CMD. `mounts` are bind mounts from the context: path in the
    context, path in the image. `env` are variables that it is given, `cwd` is its working directory, "" for
    that of the image.
    """

    text: str
    file: str
    line: int
    entrypoint: bool = False
    mounts: tuple[tuple[str, str], ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = ""


class BuiltImage(Struct, frozen=True, kw_only=True):
    """What an image is built from: a Dockerfile and a build context, as paths of the files that are searched.
    The context is "" if it is their root."""

    dockerfile: str = "Dockerfile"
    context: str = ""

    def is_built_by(self, path: str, context: str, dockerfile: str) -> bool:
        """Whether a file that names a build context, relative to its directory, and a Dockerfile in that
        context builds the image."""
        here = posixpath.normpath(posixpath.join(posixpath.dirname(path), context))
        wanted = posixpath.join(here, dockerfile)
        return clean(here) == self.context and clean(wanted) == clean(self.dockerfile)


class Service(Struct, frozen=True, kw_only=True):
    """A service of Compose: its commands, its health check among them, and the directories of the image that
    it hides with mounts of any kind. `container` is the name of its container, if the file gives one."""

    name: str
    container: str
    commands: tuple[RunCommand, ...]
    mounts: tuple[Use, ...]


def compose_names(context: Context, path: str, built_image: BuiltImage) -> tuple[set[str], set[str]]:
    """The names of services that are built from the Dockerfile, and of their images; and those of others that
    are built."""
    own, others = set[str](), set[str]()
    for name, service in compose_services(context, path).items():
        if get(service, "build") is not None:
            found = own if is_built_from(service, path, built_image) else others
            found |= {name, repository(string(get(service, "image")))} - {""}
    return own, others


def own_services(
    context: Context,
    path: str,
    built_image: BuiltImage,
    names: ImageNames,
    known: frozenset[str] = frozenset(),
) -> Iterator[Service]:
    """The services that are built from the Dockerfile, or may use its image.

    `known` are such services of other files of the directory. A file that has neither `build` nor `image`
    for one of them is an override.
    """
    services = compose_services(context, path)
    images = {n: string(get(s, "image")).strip() for n, s in services.items() if get(s, "build") is None}
    built = {name for name, service in services.items() if is_built_from(service, path, built_image)}
    built |= {name for name, image in images.items() if name in known and not image}
    named = bool(built) or any(map(names.means_own, images.values()))
    for name, service in services.items():
        if name in built or names.may_mean_own(images.get(name, ""), elsewhere=named):
            commands, mounts = _commands(service, path, built_image), _mounts(service, path)
            container = string(get(service, "container_name")).strip()
            yield Service(name=name, container=container, commands=tuple(commands), mounts=tuple(mounts))


def _commands(service: Node, path: str, built_image: BuiltImage) -> Iterator[RunCommand]:
    mounts = _bind_mounts(service, path, built_image.context)
    env = tuple((k, v) for k, v in _variables(get(service, "environment")) if v is not None)
    cwd = string(get(service, "working_dir"))
    found = list(_service(service, path))
    own = (get(service, key) for key in ("entrypoint", "command"))
    if mounts and not any(node is not None and node.value for node in own):
        found.append(RunCommand(text="", file=path, line=service.start_mark.line + 1))
    return (replace(c, mounts=mounts, env=env, cwd=cwd) for c in found)


def _mounts(service: Node, path: str) -> Iterator[Use]:
    for item in items(get(service, "volumes")):
        place = _MOUNT.search(string(item)) or _MOUNT.search(f":{string(get(item, 'target'))}")
        if place is not None:
            yield Use(name=place[1], file=path, line=item.start_mark.line + 1)


def compose_services(context: Context, path: str) -> dict[str, Node]:
    """The services of a Compose file, with what they extend."""
    return {name: _extended(context, path, service) for name, service in _written(context, path).items()}


def _written(context: Context, path: str) -> dict[str, Node]:
    roots = documents(context, path)
    return {name: node for root in roots for name, node in entries(get(root, "services") or root)}


def _extended(context: Context, path: str, service: Node, depth: int = 0) -> Node:
    """A service with the settings of the one that it extends, as if they were merged."""
    given = get(service, "extends")
    file = string(get(given, "file"))
    other = posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path
    base = _written(context, other).get(string(given) or string(get(given, "service"))) if given else None
    if base is None or depth == _MAX_EXTENDED:
        return service
    from yaml import MappingNode, ScalarNode

    merge = ScalarNode("tag:yaml.org,2002:str", "<<")
    rows = [*pairs(service), (merge, _extended(context, other, base, depth + 1))]
    return MappingNode(service.tag, rows, service.start_mark, service.end_mark)


def build_arguments(service: Node) -> Iterator[tuple[str, str | None]]:
    """The build arguments of a Compose service."""
    return _variables(get(service, "build", "args"))


def _variables(node: Node | None) -> Iterator[tuple[str, str | None]]:
    """The variables of a list or mapping; the value is None if it is not constant."""
    rows = [string(item).partition("=")[::2] for item in items(node)]
    rows += [(name, string(value)) for name, value in entries(node)]
    return ((name, value if value and "$" not in value else None) for name, value in rows if name)


def workflow_builds(context: Context, path: str, built_image: BuiltImage) -> Iterator[dict[str, str]]:
    """The inputs of the steps of a workflow that build the image with docker/build-push-action."""
    if _BUILD_ACTION not in (context.text(path, MAX_BYTES) or ""):
        return
    pending = [*documents(context, path)]
    while pending:
        node = pending.pop()
        pending += [*items(node), *(value for _, value in pairs(node))]
        if string(get(node, "uses")).startswith(_BUILD_ACTION):
            inputs = {name: string(value) for name, value in entries(get(node, "with"))}
            where = inputs.get("context") or "."
            file = inputs.get("file") or posixpath.join(where, "Dockerfile")
            if clean(where) == built_image.context and clean(file) == clean(built_image.dockerfile):
                yield inputs


def is_built_from(service: Node, path: str, built_image: BuiltImage) -> bool:
    """Whether the service is built from this Dockerfile and context."""
    build = get(service, "build")
    if build is None or get(build, "dockerfile_inline") is not None:
        return False
    where = string(build) or string(get(build, "context")) or "."
    return built_image.is_built_by(path, where, string(get(build, "dockerfile")) or "Dockerfile")


def _service(service: Node, path: str) -> Iterator[RunCommand]:
    yield from combined_command(get(service, "entrypoint"), get(service, "command"), path)
    yield from check_command(get(service, "healthcheck", "test"), path)


def check_command(probe: Node | None, path: str) -> Iterator[RunCommand]:
    """The command of a health check: shell text, or words, perhaps behind CMD or CMD-SHELL."""
    kind, *rest = words(probe) if items(probe) else ("CMD-SHELL", string(probe))
    text = "" if kind == "NONE" else shlex.join(rest if kind == "CMD" else (kind, *rest))
    text = "".join(rest[:1]) if kind == "CMD-SHELL" else text
    if probe is not None and text.strip():
        line = probe.start_mark.line + 1
        yield RunCommand(text=text.replace("$$", "$").strip(), file=path, line=line, entrypoint=True)


def _bind_mounts(service: Node, path: str, place: str) -> tuple[tuple[str, str], ...]:
    """The bind mounts of a service whose source is in the build context `place`, relative to it."""
    found: list[tuple[str, str]] = []
    for item in items(get(service, "volumes")):
        source, _, rest = string(item).partition(":")
        target = rest.partition(":")[0]
        if string(get(item, "type")) == "bind":
            source, target = string(get(item, "source")), string(get(item, "target"))
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), source))
        if source.startswith(".") and target.startswith("/") and not inside.startswith(".."):
            inner = posixpath.relpath(inside, place or ".")
            if not inner.startswith(".."):
                found.append((inner, target))
    return tuple(found)


def combined_command(first: Node | None, rest: Node | None, path: str) -> Iterator[RunCommand]:
    """The command made of an entrypoint and its arguments; either may be missing."""
    node = first if first is not None and first.value else rest
    if node is None or not node.value:
        return
    argv = [*words(first), *(words(rest) if rest is not None else ())]
    yield RunCommand(
        text=shlex.join(argv) or string(node).strip(),
        file=path,
        line=node.start_mark.line + 1,
        entrypoint=node is first,
    )
