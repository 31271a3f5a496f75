"""What files of the repository do with the image: the commands that they run in it, and the build arguments
that they pass. Compose files, bake, Kubernetes, Helm, scripts, Makefiles, CI and the documentation.

Best effort: unreadable files are skipped, and commands are matched to the image only by names. Scripts are
interpreted; a call that nothing reaches, as in a function for users or a comment, is read by itself.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property, partial
from itertools import chain, islice

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.repository.engine_commands import docker_build, given, options_of
from slimify.analysis.repository.host_command import (
    ROOT,
    HostCommand,
    engine_variables,
    host_commands,
    host_state,
    start_directories,
)
from slimify.context.build_scripts import jenkinsfile
from slimify.context.build_scripts.scripts import Script, scripts
from slimify.context.compose.bake import Build, bake_builds, variables
from slimify.context.compose.image_names import ImageNames, repository
from slimify.context.compose.platforms import development_container, jenkins_commands, platform_commands
from slimify.context.compose.yaml_commands import (
    BuiltImage,
    RunCommand,
    Service,
    compose_builds,
    named_values,
    own_services,
    workflow_builds,
)
from slimify.context.ignored_files import with_ignored_files
from slimify.context.scan import Context, clean
from slimify.context.yaml_nodes import MAX_BYTES
from slimify.facts.debian import debian_command
from slimify.facts.platforms import is_platform_file
from slimify.facts.shells import is_shell
from slimify.facts.system import history_directories, third_party_directories
from slimify.languages import installed_directories, languages, programs
from slimify.model.sources import Use
from slimify.semantics.effects.call import Options

_MAX_FILES = 300
_MAX_COMMANDS = 20_000  # of scripts, which are interpreted
_COMPOSE_FILE = re.compile(r"(?:.*/)?(?:docker-)?(?:compose|stack)[\w.-]*\.ya?ml")
_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_BAKE_FILE = re.compile(r"(?:.*/)?docker-bake(?:\.override)?\.(?:hcl|json)")
_JENKINSFILE = re.compile(rf"(?:.*/)?(?:{jenkinsfile.NAME.pattern})")
_DOCKERFILE = re.compile(r"[\w.-]*Dockerfile[\w.-]*|Containerfile", re.IGNORECASE)
_FROM = re.compile(r"\s*FROM\s+(?:--\S+\s+)*(?P<name>\S+)", re.IGNORECASE)
_TAG = re.compile(r"(?:@|:(?!\d+/)).*", re.DOTALL)
_MOUNTED = re.compile(r"(?::|\b(?:target|dst|destination)=)(?P<place>/[^:,]+)")
_PLACEHOLDER = re.compile(r"[<\[\u2026]|\.\.\.|\A[A-Z][A-Z_]+\Z")


class ImageUses(Struct, frozen=True, kw_only=True):
    """Every command found, by file and line, whose file is relative to the context; the build arguments with
    the values that files pass, None last for one that only a build knows; where other Dockerfiles start from
    the image; and which of its directories are hidden by mounts."""

    commands: tuple[RunCommand, ...]
    arguments: Mapping[str, tuple[str | None, ...]]
    bases: tuple[Use, ...] = ()
    mounts: tuple[Use, ...] = ()


def image_uses(context: Context, dockerfile: str = "Dockerfile") -> ImageUses:
    """What the context, and the repository around it, do with the image of a Dockerfile, a path in the
    context."""
    places = _searched(context, dockerfile)
    # an image with the name of the project is built from its main Dockerfile
    main = posixpath.basename(dockerfile) == "Dockerfile" or not context.has("Dockerfile")
    own, others = _project_names(context) if main else set(), set[str]()
    passed: dict[str, set[str | None]] = {}
    tags: set[str] = set()
    for build, is_own in (found for place in places for found in place.builds()):
        if not is_own:
            others |= {*filter(None, (build.name, *build.tags))}
            continue
        own |= {*filter(None, (build.name,))}
        tags |= {_untagged(tag) for tag in build.tags}
        for name, value in build.args.items():
            passed.setdefault(name, set()).add(value)
    for place in places:
        tags |= place.other_tags(tags)
    own |= {repository(tag) for tag in tags}
    dockerfiles = partial(_dockerfiles, context, places[0].files)
    names = ImageNames(
        own=frozenset(own),
        others=frozenset(name for name in map(repository, others) if "$" not in name) - own,
        dockerfile=places[-1].image.dockerfile,
        dockerfiles=lambda: _dockerfile_paths(context, dockerfiles()),
    )
    for place in places:
        own |= place.service_names(names)
    for place in places:
        own |= place.containers(own)
    names = replace(names, own=frozenset(own))
    found = (
        replace(c, file=posixpath.relpath(c.file, place.image.context or "."))
        for place in places
        for c in place.commands(names)
    )
    return ImageUses(
        commands=tuple(sorted(dict.fromkeys(found), key=lambda item: (item.file, item.line))),
        arguments={
            name: tuple(sorted(values, key=lambda value: (value is None, value or "")))
            for name, values in passed.items()
        },
        bases=tuple(
            use
            for files, above in (dockerfiles() if tags else ())
            for use in _bases(files, above, tags, clean(dockerfile))
        )
        + tuple(use for place in places for use in place.development_containers(names)),
        mounts=tuple(dict.fromkeys(use for place in places for use in place.mounts(names))),
    )


class _EngineCall(Struct, frozen=True, kw_only=True):
    """A call of a container engine in a script. `words` stand behind the command."""

    command: str
    words: list[str]
    host: HostCommand
    in_document: bool = False

    def builds(self, image: BuiltImage) -> bool:
        """Whether it builds the Dockerfile, as far as it says which one."""
        told = docker_build(self.words)
        file = told.file or posixpath.join(told.context or ".", "Dockerfile")
        return "$" in file or self.host.names(file, clean(image.dockerfile))

    def options(self, names: Collection[str]) -> Options | None:
        """Its options and operands if it starts a command in a container of one of these names."""
        told = f"docker {self.command.replace('create', 'run')}"
        if told.rpartition(" ")[2] not in ("run", "exec"):
            return None
        options = options_of(told, self.words)
        while options.operands:
            first, *rest = (arg.shown for arg in options.operands)
            if repository(first) in names:
                return options
            more = options_of(told, rest) if first.startswith("$") else Options({}, ())  # options, perhaps
            options = Options({**options.given, **more.given}, more.operands)
        return None

    def run_command(self, options: Options, image: BuiltImage) -> RunCommand | None:
        """What it starts in the container."""
        entry = given(options, "--entrypoint")[-1:]
        words = [*filter(None, entry), *(arg.shown for arg in options.operands[1:])]
        if not words or (self.in_document and any(map(_PLACEHOLDER.search, words))):
            return None
        pairs = [text.partition("=") for text in given(options, "-e", "--env")]
        mounts = [m for text in given(options, "-v", "--volume") if (m := self.host.mount(text))]
        inner = ((posixpath.relpath(path or ".", image.context or "."), place) for place, path in mounts)
        return RunCommand(
            text=shlex.join(words),
            file=self.host.file,
            line=self.host.lines[0],
            entrypoint=bool(entry) or self.command.endswith("exec"),
            mounts=tuple((path, place) for path, place in inner if not path.startswith("..")),
            env=tuple((name, value) for name, equals, value in pairs if equals and "$" not in value),
            cwd=next(iter(given(options, "-w", "--workdir")), ""),
        )


class _Searched(Struct, frozen=True, kw_only=True, dict=True):
    """Files to search: those of the build context, or those of the repository around it. `view` are all files
    that their scripts see."""

    files: Context
    view: Context
    image: BuiltImage

    def matching(self, pattern: re.Pattern[str]) -> list[str]:
        return [name for name in self.files.files if pattern.fullmatch(name)][:_MAX_FILES]

    def builds(self) -> Iterator[tuple[Build, bool]]:
        """What files build, each with whether that is the image."""
        readers = ((_COMPOSE_FILE, compose_builds), (_BAKE_FILE, bake_builds), (_WORKFLOW, workflow_builds))
        for pattern, read in readers:
            for path in self.matching(pattern):
                base = "" if read is workflow_builds else path
                yield from ((build, self.image.is_built_by(base, build)) for build in read(self.files, path))
        for call in self.engine_calls:
            if call.command == "build":
                told = docker_build(call.words)
                args = variables(named_values(told.args))
                yield Build(args=args, tags=told.tags), call.builds(self.image)

    @cached_property
    def engine_calls(self) -> tuple[_EngineCall, ...]:
        """The calls of container engines in scripts; those in lines that no script reaches come last."""
        commands = chain.from_iterable(
            self._commands(script, not script.is_document) for script in self.scripts
        )
        found = [call for call in islice(commands, _MAX_COMMANDS) if call is not None]
        reached = {(c.host.file, line) for c in found for line in range(c.host.lines[0], c.host.lines[1] + 1)}
        for script in self.scripts:
            for snippet in script.calls():
                if reached.isdisjoint((script.file, n) for n in range(snippet.first, snippet.last + 1)):
                    found += filter(None, self._commands(replace(script, snippets=(snippet,)), False))
        return tuple(found)

    def _commands(self, script: Script, anywhere: bool) -> Iterator[_EngineCall | None]:
        """The commands of a script that is started in the root, or in its own directory if it may be started
        anywhere; None for those that are no calls of an engine."""
        state, variables = host_state(self.view), engine_variables(script.text)
        for start in start_directories(script.file)[: 1 + anywhere]:
            for host in host_commands(script, replace(state, cwd=start)):
                told, own = host.engine(variables), script.is_document and host.file == script.file
                yield told and _EngineCall(command=told[0], words=told[1], host=host, in_document=own)

    @cached_property
    def scripts(self) -> tuple[Script, ...]:
        return tuple(scripts(self.files, ROOT))

    def other_tags(self, tags: set[str]) -> set[str]:
        """The names that `docker tag` gives an image of these names."""
        pairs = (options_of("docker tag", c.words).operands for c in self.engine_calls if c.command == "tag")
        return {_untagged(p[1].shown) for p in pairs if len(p) == 2 and _untagged(p[0].shown) in tags}

    def service_names(self, names: ImageNames) -> set[str]:
        """The names of the services that may use the image, and of their containers."""
        found = chain.from_iterable(self.services(names).values())
        return {name for service in found for name in (service.name, service.container) if name}

    def services(self, names: ImageNames) -> Mapping[str, list[Service]]:
        """The services of each Compose file that may use the image."""
        paths = self.matching(_COMPOSE_FILE)
        known: dict[str, set[str]] = {}
        for path in paths:
            found = (service.name for service in own_services(self.files, path, self.image, names))
            known.setdefault(posixpath.dirname(path), set()).update(found)
        return {
            path: list(
                own_services(self.files, path, self.image, names, frozenset(known[posixpath.dirname(path)]))
            )
            for path in paths
        }

    def containers(self, names: Collection[str]) -> set[str]:
        """The names of containers that scripts start from the image."""
        calls = [(call, o) for call in self.engine_calls if (o := call.options(names)) is not None]
        return {repository(n) for call, o in calls for n in (*given(o, "--name"), *call.host.result)}

    @cached_property
    def platform_files(self) -> list[str]:
        return [name for name in self.files.files if is_platform_file(name)][: 10 * _MAX_FILES]

    def development_containers(self, names: ImageNames) -> Iterator[Use]:
        """Where people develop in the image."""
        for path in self.platform_files:
            for use in development_container(self.files, path, self.image, names):
                yield replace(use, file=posixpath.relpath(path, self.image.context or "."))

    def mounts(self, names: ImageNames) -> Iterator[Use]:
        """The directories of the image that containers with it hide with mounts."""
        for path, services in self.services(names).items():
            for use in (use for service in services for use in service.mounts):
                yield replace(use, file=posixpath.relpath(path, self.image.context or "."))
        for call in self.engine_calls:
            options = call.options(names.own)
            for text in given(options, "-v", "--volume", "--mount") if options is not None else ():
                place = _MOUNTED.search(text)
                if place is not None:
                    file = posixpath.relpath(call.host.file, self.image.context or ".")
                    yield Use(name=place["place"], file=file, line=call.host.lines[0])

    def commands(self, names: ImageNames) -> Iterator[RunCommand]:
        for services in self.services(names).values():
            for service in services:
                yield from service.commands
        for path in self.platform_files:
            yield from platform_commands(self.files, path, self.image, names)
        for path in self.matching(_JENKINSFILE):
            yield from jenkins_commands(self.files, path, self.image, names)
        for call in self.engine_calls:
            options = call.options(names.own)
            command = call.run_command(options, self.image) if options is not None else None
            # `exec` and Compose in documents are for containers that run: development, more often than not,
            # but for shells and the system's programs, with which people look into any container
            started = call.in_document and call.command != "run"
            if command is not None and (not started or _is_for_any_container(command.text.partition(" ")[0])):
                yield command


def _is_for_any_container(program: str) -> bool:
    return is_shell(program) or (program not in programs() and debian_command(program, None) is not None)


def _untagged(name: str) -> str:
    """The name of an image without tag and digest, which may be substitutions with any text."""
    return _TAG.sub("", name, count=1)


def _dockerfiles(context: Context, own: Context) -> Iterator[tuple[Context, str]]:
    """Files with the Dockerfiles of the context and of the repository around it, and the path to them."""
    yield own, ""
    around = context.repository
    if around is not None and around.prefix:
        left_out = third_party_directories() | installed_directories() | history_directories()
        yield around.beside(_DOCKERFILE, left_out), posixpath.relpath(".", around.prefix)


def _dockerfile_paths(context: Context, found: Iterable[tuple[Context, str]]) -> Iterator[str]:
    """The paths of Dockerfiles from the root of the repository."""
    prefix = context.repository.prefix if context.repository is not None else ""
    for files, above in found:
        for path in files.files:
            if _DOCKERFILE.fullmatch(posixpath.basename(path)):
                yield posixpath.normpath(posixpath.join(prefix, above, path))


def _bases(files: Context, above: str, tags: set[str], own: str) -> Iterator[Use]:
    """Where other Dockerfiles start from an image of these names."""
    for path in (name for name in files.files if _DOCKERFILE.fullmatch(posixpath.basename(name))):
        file = posixpath.normpath(posixpath.join(above, path))
        for number, line in enumerate((files.text(path, MAX_BYTES) or "").splitlines(), 1):
            found = _FROM.match(line) if file != own else None
            if found is not None and _untagged(found["name"]) in tags:
                yield Use(name=found["name"], file=file, line=number)


def _searched(context: Context, dockerfile: str) -> list[_Searched]:
    third_party = third_party_directories() | installed_directories()

    def searched(files: Context, image: BuiltImage, left_out: str = "") -> _Searched:
        own = (n for n in files.files if third_party.isdisjoint(n.split("/")[:-1]))
        names = {n: files.files[n] for n in own if not left_out or not n.startswith(f"{left_out}/")}
        return _Searched(files=replace(files, files=names), view=files, image=image)

    # what the builder does not get may say as well what people run
    places = [searched(with_ignored_files(context), BuiltImage(dockerfile=dockerfile))]
    around = context.repository
    if around is not None and around.prefix:
        inner = posixpath.join(around.prefix, dockerfile)
        image = BuiltImage(dockerfile=inner, context=around.prefix)
        places.append(searched(around.files, image, around.prefix))
    return places


def _project_names(context: Context) -> set[str]:
    """Likely names of the image built from this context."""
    names = {context.root.name.lower()} if context.root is not None else set()
    projects = (part for known in languages() if (part := known.project) is not None)
    return {name for name in (*names, *(part.project_name(context) for part in projects)) if name}
