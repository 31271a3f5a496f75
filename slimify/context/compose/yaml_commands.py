"""Commands that Compose files run in an image.

YAML is read as nodes: they keep line numbers, construct no objects, and do not expand aliases.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from slimify.context.compose.bake import Build, known_variables, variables
from slimify.context.compose.image_names import ImageNames, repository
from slimify.context.scan import Context, clean
from slimify.context.yaml_nodes import (
    MAX_BYTES,
    documents,
    entries,
    get,
    items,
    pairs,
    reached,
    string,
    words,
)
from slimify.model.regex import regex
from slimify.model.sources import Use

if TYPE_CHECKING:
    from yaml import Node

_ENV_LINE = regex(
    r"^[ \t]*(?:export )?(?P<name>\w+)[ \t]*=[ \t]*(?P<value>[^\s#]*)[ \t]*(?:#.*)?$", re.MULTILINE
)
_REFERENCE = regex(r"\$(?:(?P<plain>\w+)|\{(?P<braced>\w+)(?::?-[^{}]*)?\})")
_MOUNT = regex(r":(/[^:]+)")
_MAX_EXTENDED = 8
_TEXT, _MAPPING = "tag:yaml.org,2002:str", "tag:yaml.org,2002:map"
_EXPRESSION = regex(r"\$\{\{[^{}]*\}\}")
_BUILD_ACTION = "docker/build-push-action"


class RunCommand(Struct, frozen=True, kw_only=True):
    """A command that is run in the image; without text, what the image starts by itself.

    `entrypoint`: it overrides the entrypoint, not CMD. `mounts` are bind mounts from the context: path in the
    context, path in the image. `env` are variables that it is given, `cwd` is its working directory, "" for
    that of the image. `starts`: it is what a container is started with.
    """

    text: str
    file: str
    line: int
    entrypoint: bool = False
    starts: bool = False
    mounts: tuple[tuple[str, str], ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = ""


class BuiltImage(Struct, frozen=True, kw_only=True):
    """What an image is built from: a Dockerfile and a build context, as paths of the files that are searched.
    The context is "" if it is their root. `others` are the names and numbers of the stages before its own."""

    dockerfile: str = "Dockerfile"
    context: str = ""
    others: frozenset[str] = frozenset()

    def is_built_by(self, path: str, build: Build) -> bool:
        """Whether it is what a file builds, whose directory the build context is relative to."""
        if build.stage.lower() in self.others:
            return False
        here = posixpath.normpath(posixpath.join(posixpath.dirname(path), build.context))
        wanted = posixpath.join(here, build.dockerfile)
        return clean(here) == self.context and clean(wanted) == clean(self.dockerfile)


class Service(Struct, frozen=True, kw_only=True):
    """A service of Compose: its commands, its health check among them, and the directories of the image that
    it hides with mounts of any kind. `container` is the name of its container, if the file gives one."""

    name: str
    container: str
    commands: tuple[RunCommand, ...]
    mounts: tuple[Use, ...]


def compose_builds(context: Context, *paths: str) -> Iterator[Build]:
    """What the services of Compose files are built from, which are read as one, with what they include;
    without the Dockerfile if it is inline."""
    services: dict[str, Node] = {}
    env = _environment(context, posixpath.dirname(paths[0])) if paths else {}
    for path in paths:
        for file in reversed(_with_included(context, path)):
            folder = posixpath.relpath(posixpath.dirname(file) or ".", posixpath.dirname(path) or ".")
            for name, node in compose_services(context, file).items():
                service = _seen_from(folder, node)
                services[name] = _merged(service, services[name]) if name in services else service
    for name, service in services.items():
        build, image = get(service, "build"), string(get(service, "image"))
        if build is not None:
            inline = get(build, "dockerfile_inline") is not None
            yield Build(
                name=name,
                context=string(get(build, "context")) or ".",
                dockerfile="" if inline else string(get(build, "dockerfile")) or "Dockerfile",
                args=variables(_with_values(_variables(get(build, "args")), env)),
                tags=(image,) if image else (),
                stage=string(get(build, "target")),
            )


def _environment(context: Context, directory: str) -> dict[str, str]:
    """What the file .env beside a Compose file says that variables in it stand for
    (https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/)."""
    text = context.text(posixpath.join(directory, ".env"), MAX_BYTES) or ""
    return {m["name"]: m["value"].strip("'\"") for m in _ENV_LINE.finditer(text)}


def _with_values(rows: Iterable[tuple[str, str]], env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Variables whose values are those of others that the file .env sets."""
    for name, value in rows:
        yield name, _REFERENCE.sub(lambda m: env.get(m["plain"] or m["braced"], m[0]), value)


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
    built = {b.name for b in compose_builds(context, path) if built_image.is_built_by(path, b)}
    built |= {name for name, image in images.items() if name in known and not image}
    named = bool(built) or any(map(names.means_own, images.values()))
    for name, service in services.items():
        if name in built or names.may_mean_own(images.get(name, ""), elsewhere=named):
            yield Service(
                name=name,
                container=string(get(service, "container_name")).strip(),
                commands=tuple(_commands(service, path, built_image, override=images.get(name) == "")),
                mounts=tuple(Use(name=target, file=path, line=line) for _, target, line in _volumes(service)),
            )


def _commands(service: Node, path: str, built_image: BuiltImage, *, override: bool) -> Iterator[RunCommand]:
    mounts = _bind_mounts(service, path, built_image.context)
    env = known_variables(_variables(get(service, "environment")))
    cwd = string(get(service, "working_dir"))
    start = start_of(get(service, "entrypoint"), get(service, "command"), path, service)
    start = replace(start, starts=bool(start.text) or not override)  # else another file says it
    for command in (start, *check_command(get(service, "healthcheck", "test"), path)):
        yield replace(command, mounts=mounts, env=env, cwd=cwd)


def _volumes(service: Node) -> Iterator[tuple[str, str, int]]:
    """The mounts of a service: where from, "" for volumes, the directory in the image, and the line."""
    for item in items(get(service, "volumes")):
        source = string(get(item, "source")) if string(get(item, "type")) == "bind" else ""
        text = string(item) or f"{source}:{string(get(item, 'target'))}"
        place = _MOUNT.search(text)
        if place is not None:
            yield text[: place.start()], place[1], item.start_mark.line + 1


def compose_services(context: Context, path: str) -> dict[str, Node]:
    """The services of a Compose file, with what they extend."""
    return {name: _extended(context, path, service) for name, service in _written(context, path).items()}


def _written(context: Context, path: str) -> dict[str, Node]:
    roots = documents(context, path)
    found = (pair for root in roots for pair in entries(get(root, "services") or root))
    return {name: _seen_from(".", node) for name, node in found}


def _extended(context: Context, path: str, service: Node, depth: int = 0) -> Node:
    """A service with the settings of the one that it extends."""
    given = get(service, "extends")
    file = string(get(given, "file"))
    folder = posixpath.dirname(file) or "."
    other = posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path
    base = _written(context, other).get(string(given) or string(get(given, "service"))) if given else None
    if base is None or depth == _MAX_EXTENDED:
        return service
    return _merged(service, _seen_from(folder, _extended(context, other, base, depth + 1)))


def _with_included(context: Context, path: str) -> list[str]:
    """A Compose file, and those that it includes."""
    found = [path]
    for file in found:
        included = (i for root in documents(context, file) for i in items(get(root, "include")))
        names = (string(item) or string(get(item, "path")) for item in included)
        paths = (posixpath.normpath(posixpath.join(posixpath.dirname(file), name)) for name in names if name)
        found += (other for other in dict.fromkeys(paths) if other not in found)
    return found


def _merged(node: Node, base: Node) -> Node:
    """A mapping with the entries of another one behind its own, as are those of inner mappings."""
    from yaml import MappingNode, ScalarNode

    if not pairs(node) or not pairs(base):
        return node
    own = ((k, _merged(v, same) if (same := get(base, string(k))) else v) for k, v in pairs(node))
    rows = [*own, (ScalarNode(_TEXT, "<<"), base)]
    return MappingNode(node.tag, rows, node.start_mark, node.end_mark)


def _seen_from(folder: str, service: Node) -> Node:
    """A service of a file in a folder, as one of a file beside that folder: a mapping says what it builds."""
    from yaml import MappingNode, ScalarNode

    build = get(service, "build")
    if build is None:
        return service
    place = string(build) or string(get(build, "context")) or ("" if folder == "." else ".")
    place = posixpath.normpath(posixpath.join(folder, place)) if place and is_local(place) else place
    args = [(ScalarNode(_TEXT, n), ScalarNode(_TEXT, v)) for n, v in _variables(get(build, "args"))]
    context = [(ScalarNode(_TEXT, "context"), ScalarNode(_TEXT, place))] if place else []
    named = (ScalarNode(_TEXT, "args"), MappingNode(_MAPPING, args))
    built = (ScalarNode(_TEXT, "build"), MappingNode(_MAPPING, [*context, named, *pairs(build)]))
    return MappingNode(service.tag, [built, *pairs(service)], service.start_mark, service.end_mark)


def is_local(context: str) -> bool:
    """Whether a build context is a directory with a constant name."""
    return "$" not in context and "://" not in context and not context.startswith("git@")


def _variables(node: Node | None) -> list[tuple[str, str]]:
    """The variables of a list or mapping, with their values."""
    rows = named_values(map(string, items(node)))
    return [*rows, *((name, string(value)) for name, value in entries(node))]


def workflow_builds(context: Context, path: str) -> Iterator[Build]:
    """The steps of a workflow that build with docker/build-push-action, whose contexts are of the root."""
    if _BUILD_ACTION not in (context.text(path, MAX_BYTES) or ""):
        return
    for node in (n for root in documents(context, path) for n in reached(root, "**")):
        if string(get(node, "uses")).startswith(_BUILD_ACTION):
            inputs = {name: string(value) for name, value in entries(get(node, "with"))}
            where = inputs.get("context") or "."
            file = inputs.get("file") or posixpath.join(where, "Dockerfile")
            tags = re.split(r"[\s,]+", _EXPRESSION.sub("$", inputs.get("tags", "")).strip())
            yield Build(
                context=where,
                dockerfile=posixpath.relpath(file, where),
                args=variables(named_values(inputs.get("build-args", "").splitlines())),
                tags=tuple(tag for tag in tags if tag and not repository(tag).startswith("$")),
                stage=inputs.get("target", ""),
            )


def named_values(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The names and values of lines such as NAME=VALUE."""
    for name, _, value in (line.strip().partition("=") for line in lines):
        yield name, value


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
    for source, target, _ in _volumes(service):
        where = posixpath.normpath(posixpath.join(posixpath.dirname(path), source))
        inner = posixpath.relpath(where, place or ".")
        if source.startswith(".") and not where.startswith("..") and not inner.startswith(".."):
            found.append((inner, target))
    return tuple(found)


def start_of(first: Node | None, rest: Node | None, path: str, container: Node) -> RunCommand:
    """What a container starts: an entrypoint with its arguments, either of which may be missing, or what the
    image starts by itself."""
    node = first if first is not None and first.value else rest
    if node is None or not node.value:
        return RunCommand(text="", file=path, line=container.start_mark.line + 1, starts=True)
    argv = [*words(first), *(words(rest) if rest is not None else ())]
    return RunCommand(
        text=shlex.join(argv) or string(node).strip(),
        file=path,
        line=node.start_mark.line + 1,
        entrypoint=node is first,
        starts=True,
    )
