"""Commands that files of the context run in the image: Compose, bake, Kubernetes, Helm, Makefiles, CI and the
documentation.

Best effort: unreadable files are skipped, and commands are matched to the image only by names.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from slimify.context.compose.bake import BakeTarget, bake_targets
from slimify.context.compose.yaml_commands import (
    MAX_BYTES,
    BuiltImage,
    RunCommand,
    build_arguments,
    chart_commands,
    compose_commands,
    compose_services,
    is_built_from,
    kubernetes_commands,
    repository,
    workflow_builds,
)
from slimify.context.scan import Context, clean
from slimify.facts.programs import docker_flags
from slimify.facts.shells import is_shell_script
from slimify.facts.system import third_party_directories
from slimify.languages import installed_directories, languages

_MAX_FILES = 300
_COMPOSE_FILE = re.compile(r"(?:.*/)?(?:docker-)?compose[\w.-]*\.ya?ml")
_YAML = re.compile(r".*\.ya?ml")
_PROCFILE = re.compile(r"(?:[^/]*/)?Procfile")
_SCRIPT = re.compile(r"(?:.*/)?(?:GNUm|M|m)akefile|.*\.mk|\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml")
_SHELL_SCRIPT = re.compile(r".*\.(?:ba|k|z)?sh|(?:.*/)?[\w-]+")  # also without an ending: scripts/test
_BAKE_FILE = re.compile(r"(?:.*/)?docker-bake(?:\.override)?\.(?:hcl|json)")
_CHART_VALUES = re.compile(r"(?:.*/)?values[\w.-]*\.ya?ml")
_DOCUMENT = re.compile(r"(?:.*/)?README(?:\.\w+)?", re.IGNORECASE)
_COMPOSE_CALL = re.compile(r"\b(?:docker|podman)[ -]compose\b")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_SPAN = re.compile(r"`([^`]+)`")
_PLACEHOLDER = re.compile(r"[<\[\u2026]|\.\.\.|\A[A-Z][A-Z_]+\Z")
_DOCKER = re.compile(
    r"\b(?:docker|podman)(?:[ -]compose)?[ \t]+(?:container\s+|image\s+|buildx\s+)?(?P<rest>[^\n]*)"
)


class _Searched(Struct, frozen=True, kw_only=True):
    """Files to search: those of the build context, or those of the repository around it."""

    files: Context
    names: tuple[str, ...]
    image: BuiltImage

    def matching(self, pattern: re.Pattern[str], most: int = _MAX_FILES) -> list[str]:
        return [name for name in self.names if pattern.fullmatch(name)][:most]

    def text(self, path: str) -> str:
        return self.files.text(path, MAX_BYTES) or ""

    def bake_targets(self) -> Iterator[BakeTarget]:
        """The targets of bake files that build the image."""
        for path in self.matching(_BAKE_FILE):
            for target in bake_targets(path, self.text(path)):
                if self.image.is_built_by(path, target.context, target.dockerfile):
                    yield target

    def scripts(self) -> Iterator[tuple[str, str]]:
        """The scripts and the code of documents, by path."""
        for path in self.matching(_SCRIPT):
            yield path, self.text(path)
        for path in self.matching(_SHELL_SCRIPT):
            text = self.text(path)
            if is_shell_script(text.partition("\n")[0]) and _DOCKER.search(text):
                yield path, text
        for path in self.matching(_DOCUMENT):
            yield path, _COMPOSE_CALL.sub("compose", _code_of(self.text(path)))


def run_commands(context: Context, dockerfile: str = "Dockerfile") -> tuple[RunCommand, ...]:
    """Every command found, by file and line: in the context, and in the repository around it. `dockerfile` is
    a path in the context. Files are relative to the context."""
    places = _searched(context, dockerfile)
    # an image with the name of the project is built from its main Dockerfile
    main = posixpath.basename(dockerfile) == "Dockerfile" or not context.has("Dockerfile")
    names = _project_names(context) if main else set()
    for place in places:
        names |= _image_names(place)
    found = (
        replace(c, file=posixpath.relpath(c.file, place.image.context or "."))
        for place in places
        for c in _commands(place, names)
    )
    return tuple(sorted(dict.fromkeys(found), key=lambda item: (item.file, item.line)))


def passed_arguments(context: Context, dockerfile: str = "Dockerfile") -> dict[str, str]:
    """The build arguments that files of the repository pass to the build of this Dockerfile, if all that pass
    one agree on its value."""
    found: dict[str, set[str]] = {}
    for place in _searched(context, dockerfile):
        for path in place.matching(_COMPOSE_FILE):
            for _, service in compose_services(place.files, path):
                if is_built_from(service, path, place.image):
                    for name, value in build_arguments(service):
                        found.setdefault(name, set()).add(value)
        for target in place.bake_targets():
            for name, value in target.args.items():
                found.setdefault(name, set()).add(value)
        for path in place.matching(_SCRIPT):
            for words in _builds(place.text(path), posixpath.dirname(path), place.image):
                for name, value in _given_arguments(words):
                    found.setdefault(name, set()).add(value)
            for inputs in workflow_builds(place.files, path, place.image):
                for line in inputs.get("build-args", "").splitlines():
                    name, equals, value = line.strip().partition("=")
                    if equals and "$" not in value:
                        found.setdefault(name, set()).add(value)
    return {name: next(iter(values)) for name, values in found.items() if len(values) == 1}


def _searched(context: Context, dockerfile: str) -> list[_Searched]:
    third_party = third_party_directories() | installed_directories()

    def searched(files: Context, image: BuiltImage, left_out: str = "") -> _Searched:
        own = (n for n in files.files if third_party.isdisjoint(n.split("/")[:-1]))
        names = tuple(n for n in own if not left_out or not n.startswith(f"{left_out}/"))
        return _Searched(files=files, names=names, image=image)

    places = [searched(context, BuiltImage(dockerfile=dockerfile))]
    repository = context.repository
    if repository is not None and repository.prefix:
        image = BuiltImage(
            dockerfile=posixpath.join(repository.prefix, dockerfile), context=repository.prefix
        )
        places.append(searched(repository.files, image, repository.prefix))
    return places


def _image_names(place: _Searched) -> set[str]:
    """The names that scripts and Compose files give the image."""
    names = {repository(tag) for target in place.bake_targets() for tag in target.tags}
    for path, text in place.scripts():
        for words in _builds(text, posixpath.dirname(path), place.image):
            _, options, _ = _operands(words, 2)
            tag = options.get("-t") or options.get("--tag") or ""
            names |= {repository(tag)} if tag else set()
    for path in place.matching(_SCRIPT):
        for inputs in workflow_builds(place.files, path, place.image):
            tags = re.split(r"[\s,]+", inputs.get("tags", ""))
            names |= {repository(tag) for tag in tags if tag and not repository(tag).startswith("$")}
    for path in place.matching(_COMPOSE_FILE):
        names |= compose_commands(place.files, path, place.image)[1]
    return names


def _commands(place: _Searched, names: set[str]) -> Iterator[RunCommand]:
    compose = place.matching(_COMPOSE_FILE)
    services: dict[str, set[str]] = {}
    for path in compose:
        built = compose_commands(place.files, path, place.image)[1]
        services.setdefault(posixpath.dirname(path), set()).update(built)
    for path in compose:
        same = frozenset(services[posixpath.dirname(path)])
        yield from compose_commands(place.files, path, place.image, same)[0]
    for path in [n for n in place.matching(_YAML, 10 * _MAX_FILES) if not _SCRIPT.fullmatch(n)]:
        yield from kubernetes_commands(place.files, path, names)
    for path in place.matching(_CHART_VALUES):
        yield from chart_commands(place.files, path, names)
    for path in place.matching(_PROCFILE):
        yield from _procfile_commands(place.files, path)
    for path, text in place.scripts():
        documents = _DOCUMENT.fullmatch(path) is not None
        for command in _script_commands(path, text, names):
            if documents and (command.entrypoint or any(map(_PLACEHOLDER.search, command.argv or ("<",)))):
                continue  # `exec` is for containers that run: development, more often than not
            yield command


def _project_names(context: Context) -> set[str]:
    """Likely names of the image built from this context."""
    names = {context.root.name.lower()} if context.root is not None else set()
    projects = (part for known in languages() if (part := known.project) is not None)
    return {name for name in (*names, *(part.project_name(context) for part in projects)) if name}


def _procfile_commands(context: Context, path: str) -> Iterator[RunCommand]:
    # A Procfile names processes of a buildpack's image, so its commands are never certain.
    for number, line in enumerate((context.text(path, MAX_BYTES) or "").splitlines(), 1):
        match = re.match(r"([\w-]+):\s*(\S.*)", line)
        if match:
            yield RunCommand(
                text=match[2].strip(),
                file=path,
                line=number,
                source="procfile",
                entrypoint=True,
                image=match[1],
            )


def _code_of(text: str) -> str:
    """The code of a document, each line in its place: fenced and indented blocks, and code in the text."""
    lines: list[str] = []
    fenced = False
    for line in text.split("\n"):
        fence = _FENCE.match(line) is not None
        fenced ^= fence
        code = fenced or line.startswith(("    ", "\t"))
        lines.append("" if fence else line if code else " ; ".join(_SPAN.findall(line)))
    return "\n".join(lines)


def _docker_lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line, words after `docker`) for each call of docker, podman or compose in a script."""
    text = re.sub(r"\$\{\{[^}\n]*\}\}", "$EXPRESSION", text)
    pending = ""
    start = 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start or number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        for match in _DOCKER.finditer(pending + line):
            try:
                yield start, shlex.split(match["rest"], comments=True)
            except ValueError:
                continue
        pending, start = "", 0


def _operands(words: list[str], count: int) -> tuple[list[str], dict[str, str], list[str]]:
    """(the first `count` operands, the options before them, the remaining words)."""
    operands: list[str] = []
    options: dict[str, str] = {}
    at = 0
    while at < len(words) and len(operands) < count:
        word = words[at]
        at += 1
        bare = "q" if operands == ["build"] else "ditPqT"  # -t is a tag for build, a terminal for run
        if not word.startswith("-") or word == "-":
            operands.append(word)
        elif "=" in word:
            name, _, options[name] = word.partition("=")
        elif word not in docker_flags() and (word.startswith("--") or word[-1] not in bare):
            options[word] = words[at] if at < len(words) else ""
            at += 1
    return operands, options, words[at:]


def _builds(text: str, directory: str, image: BuiltImage) -> Iterator[list[str]]:
    """The words of each `docker build` of this Dockerfile in a script of a directory."""
    for _, words in _docker_lines(text):
        operands, options, _ = _operands(words, 2)
        if operands[:1] != ["build"]:
            continue
        where = operands[1] if len(operands) > 1 else "."
        file = options.get("-f") or options.get("--file") or posixpath.join(where, "Dockerfile")
        if clean(image.dockerfile) in {clean(file), clean(posixpath.join(directory, file))} or "$" in file:
            yield words


def _given_arguments(words: list[str]) -> Iterator[tuple[str, str]]:
    """The build arguments of a `docker build` whose values are constant."""
    for at, word in enumerate(words):
        given = word.removeprefix("--build-arg=") if word.startswith("--build-arg=") else ""
        if word == "--build-arg":
            given = words[at + 1] if at + 1 < len(words) else ""
        name, equals, value = given.partition("=")
        if equals and "$" not in value:
            yield name, value


def _script_commands(path: str, text: str, names: set[str]) -> Iterator[RunCommand]:
    """`docker run|exec … NAME COMMAND` where NAME is a name of the image, or a variable."""
    for line, words in _docker_lines(text):
        operands, _, rest = _operands(words, 2)
        if len(operands) < 2 or operands[0] not in ("run", "exec"):
            continue
        verb, image = operands
        command = _up_to_operator(rest)
        certain = repository(image) in names
        # An option after a variable: the variable holds options, not an image.
        if not command or (command[0].startswith("-") and "$" in image):
            continue
        if certain or (verb == "exec" and "$" in image):
            yield RunCommand(
                text=shlex.join(command),
                file=path,
                line=line,
                source="script",
                argv=None if any("$" in word for word in command) else tuple(command),
                entrypoint=verb == "exec",
                image=image,
                certain=certain,
            )


def _up_to_operator(words: list[str]) -> list[str]:
    command: list[str] = []
    for word in words:
        if word in ("&&", "||", ";", "|") or re.match(r"\d?>", word):
            break
        command.append(word.removesuffix(";"))
        if word.endswith(";"):
            break
    return command
