"""Commands that Compose files and Kubernetes manifests, including Helm templates, run in an image.

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
from slimify.model.sources import Use

if TYPE_CHECKING:
    from yaml import Node

MAX_BYTES = 256 << 10  # of one file
_MAX_MERGES = 40
_TEMPLATE = "$TEMPLATE"
_MOUNT = re.compile(r":(/[^:]+)")
_BUILD_ACTION = "docker/build-push-action"


class RunCommand(Struct, frozen=True, kw_only=True):
    """A command that is run in the image.

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


def compose_names(context: Context, path: str, built_image: BuiltImage) -> tuple[set[str], set[str]]:
    """The names of services that are built from the Dockerfile, and of their images; and those of others that
    are built."""
    own, others = set[str](), set[str]()
    for name, service in compose_services(context, path):
        if _get(service, "build") is not None:
            found = own if is_built_from(service, path, built_image) else others
            found |= {name, repository(_string(_get(service, "image")))} - {""}
    return own, others


def own_services(
    context: Context,
    path: str,
    built_image: BuiltImage,
    names: ImageNames,
    known: frozenset[str] = frozenset(),
) -> Iterator[tuple[str, Node]]:
    """The services that are built from the Dockerfile, or may use its image.

    `known` are such services of other files of the directory. A file that has neither `build` nor `image`
    for one of them is an override.
    """
    for document in _documents(context, path):
        services = dict(_entries(_get(document, "services") or document))
        images = {
            name: _string(_get(service, "image"))
            for name, service in services.items()
            if _get(service, "build") is None
        }
        built = {name for name, service in services.items() if is_built_from(service, path, built_image)}
        built |= {name for name, image in images.items() if name in known and not image}
        named = bool(built) or any(map(names.means_own, images.values()))
        for name, service in services.items():
            if name in built or names.may_mean_own(images.get(name, ""), elsewhere=named):
                yield name, service


def service_commands(service: Node, path: str, built_image: BuiltImage) -> Iterator[RunCommand]:
    """The commands of a service, and its health check."""
    mounts = _bind_mounts(service, path, built_image.context)
    env = tuple(_constants(_get(service, "environment")))
    cwd = _string(_get(service, "working_dir"))
    return (replace(c, mounts=mounts, env=env, cwd=cwd) for c in _service(service, path))


def service_mounts(service: Node, path: str) -> Iterator[Use]:
    """The directories of the image that a service hides with mounts of any kind."""
    for item in _items(_get(service, "volumes")):
        place = _MOUNT.search(_string(item)) or _MOUNT.search(f":{_string(_get(item, 'target'))}")
        if place is not None:
            yield Use(name=place[1], file=path, line=item.start_mark.line + 1)


def kubernetes_commands(context: Context, path: str, names: ImageNames) -> Iterator[RunCommand]:
    """Commands, probes and hooks of containers that may use the image, as those do whose image the values of
    a Helm chart set."""
    text = context.text(path, MAX_BYTES) or ""
    if not re.search(r"^[ \t-]*(?:containers|initContainers):", text, re.MULTILINE):
        return
    containers = [found for document in _documents(context, path) for found in _containers(document)]
    images = [_string(_get(container, "image")) for container in containers]
    named = any(map(names.means_own, images))
    for container, image in zip(containers, images, strict=True):
        if names.may_mean_own(image, elsewhere=named):
            yield from _container_commands(container, path)


def chart_commands(context: Context, path: str, names: ImageNames) -> Iterator[RunCommand]:
    """Commands and probes that the values of a Helm chart set for containers, if the image beside them is
    that of this image, or if it is the image of a chart of that name."""
    chart = posixpath.dirname(path)
    if not context.has(posixpath.join(chart, "Chart.yaml")):
        return
    pending = [(node, posixpath.basename(chart)) for node in _documents(context, path)]
    while pending:
        node, name = pending.pop()
        pending += ((value, "") for _, value in _entries(node))
        place = _get(node, "image")
        image = _string(place) or _string(_get(place, "repository"))
        if names.may_mean_own(image, elsewhere=not name) or (image and name in names.own):
            yield from _container_commands(node, path)


def _container_commands(container: Node, path: str) -> Iterator[RunCommand]:
    """The command, the probes and the hooks of a container, or of the values for one."""
    nodes = [(_get(container, "command"), _get(container, "args"))]
    for name, value in _entries(container):
        if name.endswith("Probe"):
            nodes.append((_get(value, "exec", "command"), None))
        elif name == "lifecycle":
            nodes += [(_get(hook, "exec", "command"), None) for _, hook in _entries(value)]
    for first, rest in nodes:
        yield from _combined_command(first, rest, path)


def _documents(context: Context, path: str) -> list[Node]:
    text = context.text(path, MAX_BYTES)
    if text is None:
        return []
    if "{{" in text:  # a Helm template: drop directives, replace values by a word
        text = re.sub(r"^[ \t]*\{\{-?[^}\n]*\}\}[ \t]*$", "", text, flags=re.MULTILINE)
        text = re.sub(r"\{\{[^}\n]*\}\}", _TEMPLATE, text)
    import yaml

    documents: list[Node] = []
    try:
        for node in yaml.compose_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if node is not None:
                documents.append(node)
    except (yaml.YAMLError, ValueError, RecursionError):
        pass  # keep the documents before the error
    return documents


def _pairs(node: Node | None) -> list[tuple[Node, Node]]:
    value = node.value if node is not None and node.tag.endswith(":map") else None
    return value if isinstance(value, list) else []


def _items(node: Node | None) -> list[Node]:
    value = node.value if node is not None and node.tag.endswith(":seq") else None
    return value if isinstance(value, list) else []


def _string(node: Node | None) -> str:
    return node.value if node is not None and isinstance(node.value, str) else ""


def _entries(node: Node | None, depth: int = 0) -> Iterator[tuple[str, Node]]:
    """The entries of a mapping; those merged by `<<` come last."""
    merged: list[Node] = []
    for key, value in _pairs(node):
        if _string(key) == "<<":
            merged += _items(value) or [value]
        else:
            yield _string(key), value
    for value in merged if depth < _MAX_MERGES else ():
        yield from _entries(value, depth + 1)


def _get(node: Node | None, *keys: str) -> Node | None:
    for key in keys:
        node = next((value for name, value in _entries(node) if name == key), None)
    return node


def compose_services(context: Context, path: str) -> Iterator[tuple[str, Node]]:
    """The services of a Compose file, by name."""
    for document in _documents(context, path):
        yield from _entries(_get(document, "services") or document)


def build_arguments(service: Node) -> Iterator[tuple[str, str]]:
    """The build arguments of a Compose service whose values are constant."""
    return _constants(_get(service, "build", "args"))


def _constants(node: Node | None) -> Iterator[tuple[str, str]]:
    """The variables of a list or mapping that have constant values."""
    rows = [_string(item).partition("=")[::2] for item in _items(node)]
    rows += [(name, _string(value)) for name, value in _entries(node)]
    return ((name, value) for name, value in rows if name and value and "$" not in value)


def workflow_builds(context: Context, path: str, built_image: BuiltImage) -> Iterator[dict[str, str]]:
    """The inputs of the steps of a workflow that build the image with docker/build-push-action."""
    if _BUILD_ACTION not in (context.text(path, MAX_BYTES) or ""):
        return
    pending = _documents(context, path)
    while pending:
        node = pending.pop()
        pending += [*_items(node), *(value for _, value in _pairs(node))]
        if _string(_get(node, "uses")).startswith(_BUILD_ACTION):
            inputs = {name: _string(value) for name, value in _entries(_get(node, "with"))}
            where = inputs.get("context") or "."
            file = inputs.get("file") or posixpath.join(where, "Dockerfile")
            if clean(where) == built_image.context and clean(file) == clean(built_image.dockerfile):
                yield inputs


def is_built_from(service: Node, path: str, built_image: BuiltImage) -> bool:
    """Whether the service is built from this Dockerfile and context."""
    build = _get(service, "build")
    if build is None or _get(build, "dockerfile_inline") is not None:
        return False
    where = _string(build) or _string(_get(build, "context")) or "."
    return built_image.is_built_by(path, where, _string(_get(build, "dockerfile")) or "Dockerfile")


def _service(service: Node, path: str) -> Iterator[RunCommand]:
    yield from _combined_command(_get(service, "entrypoint"), _get(service, "command"), path)
    probe = _get(service, "healthcheck", "test")
    kind, *words = _words(probe) if probe is not None and _items(probe) else ("CMD-SHELL", _string(probe))
    text = shlex.join(words) if kind == "CMD" else words[0] if words and kind == "CMD-SHELL" else ""
    if probe is not None and text.strip():
        line = probe.start_mark.line + 1
        yield RunCommand(text=text.replace("$$", "$").strip(), file=path, line=line, entrypoint=True)


def _bind_mounts(service: Node, path: str, place: str) -> tuple[tuple[str, str], ...]:
    """The bind mounts of a service whose source is in the build context `place`, relative to it."""
    found: list[tuple[str, str]] = []
    for item in _items(_get(service, "volumes")):
        source, _, rest = _string(item).partition(":")
        target = rest.partition(":")[0]
        if _string(_get(item, "type")) == "bind":
            source, target = _string(_get(item, "source")), _string(_get(item, "target"))
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), source))
        if source.startswith(".") and target.startswith("/") and not inside.startswith(".."):
            inner = posixpath.relpath(inside, place or ".")
            if not inner.startswith(".."):
                found.append((inner, target))
    return tuple(found)


def _combined_command(first: Node | None, rest: Node | None, path: str) -> Iterator[RunCommand]:
    """The command made of an entrypoint and its arguments; either may be missing."""
    node = first if first is not None and first.value else rest
    if node is None or not node.value:
        return
    words = [*_words(first), *(_words(rest) if rest is not None else ())]
    yield RunCommand(
        text=shlex.join(words) or _string(node).strip(),
        file=path,
        line=node.start_mark.line + 1,
        entrypoint=node is first,
    )


def _words(node: Node | None) -> list[str]:
    """The words of a list, or of a string, which Compose splits without a shell; none on error."""
    text = _string(node).replace("$$", "$")
    if not text:
        return [_string(item).replace("$$", "$") for item in _items(node)]
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _containers(root: Node) -> Iterator[Node]:
    pending = [root]
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        pending.extend(reversed(_items(node)))
        for name, value in _entries(node):
            if name in ("containers", "initContainers"):
                yield from _items(value)
            pending.append(value)
