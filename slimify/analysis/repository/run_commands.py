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

from slimify.analysis.repository.engine_calls import engine_calls
from slimify.analysis.repository.engine_commands import EngineCall
from slimify.analysis.repository.host_command import ROOT, HostCommand
from slimify.context.build_scripts import document, jenkinsfile
from slimify.context.build_scripts.scripts import Script, scripts
from slimify.context.compose.bake import Build, bake_builds, known_variables, variables
from slimify.context.compose.image_names import ImageNames, repository
from slimify.context.compose.platforms import (
    development_container,
    jenkins_commands,
    platform_builds,
    platform_commands,
)
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
from slimify.facts.images import image
from slimify.facts.platforms import is_platform_file
from slimify.facts.shells import is_shell
from slimify.facts.system import history_directories, third_party_directories
from slimify.languages import installed_directories, languages, programs
from slimify.model.regex import regex
from slimify.model.sources import Use

_MAX_FILES = 300
_COMPOSE_FILE = regex(r"(?:.*/)?(?:docker-)?(?:compose|stack)[\w.-]*\.ya?ml")
_WORKFLOW = regex(r"\.github/workflows/[^/]+\.ya?ml")
_BAKE_FILE = regex(r"(?:.*/)?docker-bake(?:\.override)?\.(?:hcl|json)")
_JENKINSFILE = regex(rf"(?:.*/)?(?:{jenkinsfile.NAME.pattern})")
_FROM = regex(r"\s*FROM\s+(?:--\S+\s+)*(?P<name>\S+)", re.IGNORECASE)
_STAGE = regex(r"^[ \t]*FROM[ \t].*?(?:\sAS[ \t]+(\S+))?(?<![ \t\r])[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
_TAG = regex(r"(?:@|:(?!\d+/)).*", re.DOTALL)
_MOUNTED = regex(r"(?::|\b(?:target|dst|destination)=)(?P<place>/[^:,]+)")
_PLACEHOLDER = regex(r"[<\[\u2026]|\.\.\.|\A[A-Z][A-Z_]+\Z")


class ImageUses(Struct, frozen=True, kw_only=True):
    """Every command found, by file and line, whose file is relative to the context; the build arguments with
    the values that files pass, None last for one that only a build knows; where other Dockerfiles, and
    those that documents show, start from the image; and which of its directories are hidden by mounts.

    `say_what_starts`: files start the image, and none of them leaves to it what it starts. The default of a
    base image is for those who bring a command of their own.
    """

    commands: tuple[RunCommand, ...]
    arguments: Mapping[str, tuple[str | None, ...]]
    bases: tuple[Use, ...] = ()
    mounts: tuple[Use, ...] = ()
    say_what_starts: bool = False


def image_uses(context: Context, dockerfile: str = "Dockerfile", stage: str = "") -> ImageUses:
    """What the context, and the repository around it, do with the image of a Dockerfile: of the stage of this
    name, or of the last."""
    places = _searched(context, dockerfile, _other_stages(context, dockerfile, stage))
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
        tags |= {_comparable(tag) for tag in build.tags}
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
    found = [replace(c, file=place.from_context(c.file)) for place in places for c in place.commands(names)]
    started = [command.text for command in found if command.starts]
    said = (command for command in found if command.text or command.mounts or command.env)
    return ImageUses(
        commands=tuple(sorted(dict.fromkeys(said), key=lambda item: (item.file, item.line))),
        say_what_starts=bool(started) and all(started),
        arguments={
            name: tuple(sorted(values, key=lambda value: (value is None, value or "")))
            for name, values in passed.items()
        },
        bases=tuple(
            use
            for files, above in (dockerfiles() if tags else ())
            for use in _bases(files, above, tags, clean(dockerfile))
        )
        + tuple(use for place in places for use in place.documented_bases(tags))
        + tuple(use for place in places for use in place.development_containers(names)),
        mounts=tuple(dict.fromkeys(use for place in places for use in place.mounts(names))),
    )


def built_stages(context: Context, dockerfile: str) -> Iterator[tuple[str, bool]]:
    """The stages of a Dockerfile that files of the repository build, "" for the last, and whether a file does
    not only start containers for developers, as Compose does."""
    for place in _searched(context, dockerfile, frozenset()):
        for build, is_own in place.builds():
            if is_own:
                yield build.stage.lower(), not build.local


class _Searched(Struct, frozen=True, kw_only=True, dict=True):
    """Files to search: those of the build context, or those of the repository around it. `view` are all files
    that their scripts see."""

    files: Context
    view: Context
    image: BuiltImage
    left_out: str = ""  # a directory

    def matching(self, pattern: re.Pattern[str]) -> list[str]:
        return [name for name in self.files.files if pattern.fullmatch(name)][:_MAX_FILES]

    def from_context(self, path: str) -> str:
        """A path relative to the build context."""
        return posixpath.relpath(path, self.image.context or ".")

    def builds(self) -> Iterator[tuple[Build, bool]]:
        """What files build, each with whether that is the image."""
        readers = (
            (self.matching(_COMPOSE_FILE), compose_builds),
            (self.matching(_BAKE_FILE), bake_builds),
            (self.matching(_WORKFLOW), workflow_builds),
            (self.platform_files, platform_builds),
        )
        for paths, read in readers:
            for path in paths:
                base = "" if read is workflow_builds else path
                for build in read(self.files, path):
                    found = replace(build, local=read is compose_builds)
                    yield found, self.image.is_built_by(base, build)
        for told, host in self.engine_calls:
            if told.command == "build":
                args = variables(named_values(told.given("--build-arg")))
                own = "$" in told.dockerfile or host.names(told.dockerfile, clean(self.image.dockerfile))
                own = own and not host.leaves_from_root(told.operands[0] if told.operands else ".")
                stage = "".join(told.given("--target")[-1:])
                own = own and stage.lower() not in self.image.others
                yield Build(args=args, tags=told.given("-t", "--tag"), stage=stage, local=True), own

    @cached_property
    def engine_calls(self) -> tuple[tuple[EngineCall, HostCommand], ...]:
        """The calls of container engines in scripts; those in lines that no script reaches come last."""
        return self.files.once(("engine calls", self.left_out), lambda: engine_calls(self.scripts, self.view))

    def containers_of(self, names: Collection[str]) -> Iterator[tuple[EngineCall, HostCommand]]:
        """The calls that start a command in a container of one of these names."""
        for told, host in self.engine_calls:
            if told.command.rpartition(" ")[2] in ("run", "create", "exec"):
                while told.operands[:1] and repository(told.operands[0]) not in names:
                    is_known = not told.operands[0].startswith("$")
                    told = EngineCall(told.command, ()) if is_known else told.without_first_operand()
                if told.operands:
                    yield told, host

    def _run_command(self, told: EngineCall, host: HostCommand) -> RunCommand | None:
        """What a call starts in the container."""
        entry = told.given("--entrypoint")[-1:]
        words = [*filter(None, entry), *told.operands[1:]]
        if not words and told.command in ("run", "create"):
            return RunCommand(text="", file=host.file, line=host.lines[0], starts=True)
        if not words or (host.in_document and any(map(_PLACEHOLDER.search, words))):
            return None
        inner = ((self.from_context(path or "."), target) for target, path in host.mounts)
        return RunCommand(
            text=shlex.join(words),
            file=host.file,
            line=host.lines[0],
            entrypoint=bool(entry) or told.command.endswith("exec"),
            mounts=tuple((path, target) for path, target in inner if not path.startswith("..")),
            env=known_variables(named_values(told.given("-e", "--env"))),
            cwd=next(iter(told.given("-w", "--workdir")), ""),
        )

    @cached_property
    def scripts(self) -> tuple[Script, ...]:
        return tuple(scripts(self.files, ROOT))

    def other_tags(self, tags: set[str]) -> set[str]:
        """The names that `docker tag` gives an image of these names."""
        pairs = (told.operands for told, _ in self.engine_calls if told.command == "tag")
        return {_comparable(p[1]) for p in pairs if len(p) == 2 and _comparable(p[0]) in tags}

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
        calls = self.containers_of(names)
        return {repository(n) for told, host in calls for n in (*told.given("--name"), *host.result)}

    @cached_property
    def platform_files(self) -> list[str]:
        return [name for name in self.files.files if is_platform_file(name)][: 10 * _MAX_FILES]

    def documented_bases(self, tags: set[str]) -> Iterator[Use]:
        """Where documents show how to start from an image of these names."""
        found = (n for n in self.files.files if tags and document.NAME.fullmatch(posixpath.basename(n)))
        for path in islice(found, _MAX_FILES):
            code = document.code_of(posixpath.basename(path), self.files.text(path, MAX_BYTES) or "")
            yield from _starts(code, tags, self.from_context(path))

    def development_containers(self, names: ImageNames) -> Iterator[Use]:
        """Where people develop in the image."""
        for path in self.platform_files:
            for use in development_container(self.files, path, self.image, names):
                yield replace(use, file=self.from_context(path))

    def mounts(self, names: ImageNames) -> Iterator[Use]:
        """The directories of the image that containers with it hide with mounts."""
        for path, services in self.services(names).items():
            for use in (use for service in services for use in service.mounts):
                yield replace(use, file=self.from_context(path))
        for told, host in self.containers_of(names.own):
            for place in filter(None, map(_MOUNTED.search, told.given("-v", "--volume", "--mount"))):
                yield Use(name=place["place"], file=self.from_context(host.file), line=host.lines[0])

    def commands(self, names: ImageNames) -> Iterator[RunCommand]:
        for services in self.services(names).values():
            for service in services:
                yield from service.commands
        for path in self.platform_files:
            yield from platform_commands(self.files, path, self.image, names)
        for path in self.matching(_JENKINSFILE):
            yield from jenkins_commands(self.files, path, self.image, names)
        run = self.containers(names.own)
        for told, host in self.containers_of(names.own):
            command = self._run_command(told, host)
            # `exec` and Compose in documents are for containers that run: development, more often than not,
            # unless the repository shows how one is started from the image; but for shells and the system's
            # programs, with which people look into any container
            shown = told.command == "exec" and repository(told.operands[0]) in run
            started = host.in_document and told.command != "run" and not shown
            if command is not None and (not started or _is_for_any_container(command.text.partition(" ")[0])):
                yield command


def _is_for_any_container(program: str) -> bool:
    return is_shell(program) or (program not in programs() and debian_command(program, None) is not None)


def _comparable(name: str) -> str:
    """The name of an image as others that build on it are compared with: without tag and digest, which may be
    substitutions with any text, as other tags are other releases. Those of an official image are not: only
    this tag is built here."""
    untagged = _TAG.sub("", name, count=1)
    return untagged if image(untagged) is None else name


def _dockerfiles(context: Context, own: Context) -> Iterator[tuple[Context, str]]:
    """Files with the Dockerfiles of the context and of the repository around it, and the path to them."""
    yield own, ""
    around = context.repository
    if around is not None and around.prefix:
        left_out = third_party_directories() | installed_directories() | history_directories()
        yield around.beside(document.DOCKERFILE, left_out), posixpath.relpath(".", around.prefix)


def _dockerfile_paths(context: Context, found: Iterable[tuple[Context, str]]) -> Iterator[str]:
    """The paths of Dockerfiles from the root of the repository."""
    prefix = context.repository.prefix if context.repository is not None else ""
    for files, above in found:
        for path in files.files:
            if document.DOCKERFILE.fullmatch(posixpath.basename(path)):
                yield posixpath.normpath(posixpath.join(prefix, above, path))


def _bases(files: Context, above: str, tags: set[str], own: str) -> Iterator[Use]:
    """Where other Dockerfiles start from an image of these names."""
    for path in (name for name in files.files if document.DOCKERFILE.fullmatch(posixpath.basename(name))):
        file = posixpath.normpath(posixpath.join(above, path))
        if file != own:
            yield from _starts(files.text(path, MAX_BYTES) or "", tags, file)


def _starts(text: str, tags: set[str], file: str) -> Iterator[Use]:
    """The lines of a file's text with a FROM of one of these names."""
    for number, line in enumerate(text.splitlines(), 1):
        found = _FROM.match(line)
        if found is not None and _comparable(found["name"]) in tags:
            yield Use(name=found["name"], file=file, line=number)


def _searched(context: Context, dockerfile: str, others: frozenset[str]) -> list[_Searched]:
    third_party = third_party_directories() | installed_directories()

    def own(files: Context, left_out: str) -> Context:
        found = (n for n in files.files if third_party.isdisjoint(n.split("/")[:-1]))
        names = {n: files.files[n] for n in found if not left_out or not n.startswith(f"{left_out}/")}
        return replace(files, files=names)

    def searched(files: Context, image: BuiltImage, left_out: str = "") -> _Searched:
        inner = files.once(("own files", left_out), lambda: own(files, left_out))
        return _Searched(files=inner, view=files, image=image, left_out=left_out)

    # what the builder does not get may say as well what people run
    files = context.once("with ignored files", lambda: with_ignored_files(context))
    places = [searched(files, BuiltImage(dockerfile=dockerfile, others=others))]
    around = context.repository
    if around is not None and around.prefix:
        inner = posixpath.join(around.prefix, dockerfile)
        image = BuiltImage(dockerfile=inner, context=around.prefix, others=others)
        places.append(searched(around.files, image, around.prefix))
    return places


def _other_stages(context: Context, dockerfile: str, stage: str) -> frozenset[str]:
    """The names and numbers of the stages beside the one of this name, or before the last one."""
    files = context.once("with ignored files", lambda: with_ignored_files(context))
    names = [name.lower() for name in _STAGE.findall(files.text(dockerfile) or "")]
    own = names.index(stage) if stage and stage in names else len(names) - 1
    others = [number for number in range(len(names)) if number != own]
    last = ("",) if own + 1 < len(names) else ()  # which a build without a target makes
    return frozenset({*filter(None, (names[number] for number in others)), *map(str, others), *last})


def _project_names(context: Context) -> set[str]:
    """Likely names of the image built from this context."""
    names = {context.root.name.lower()} if context.root is not None else set()
    projects = (part for known in languages() if (part := known.project) is not None)
    return {name for name in (*names, *(part.project_name(context) for part in projects)) if name}
