"""Commands that files of the context run in the image: Compose, Kubernetes, Helm, Makefiles and CI.

Best effort: unreadable files are skipped, and commands are matched to the image only by names.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator

from slimify.context.compose.yaml_commands import (
    MAX_BYTES,
    RunCommand,
    compose_commands,
    kubernetes_commands,
    repository,
)
from slimify.context.scan import Context, clean
from slimify.facts.programs import docker_flags
from slimify.facts.system import third_party_directories
from slimify.languages import installed_directories, languages

_MAX_FILES = 300
_COMPOSE = re.compile(r"(?:docker-)?compose[\w.-]*\.ya?ml")
_SCRIPT = re.compile(r"(?:.*/)?(?:GNUm|M|m)akefile|.*\.mk|\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml")
_DOCKER = re.compile(
    r"\b(?:docker|podman)(?:[ -]compose)?[ \t]+(?:container\s+|image\s+|buildx\s+)?(?P<rest>[^\n]*)"
)


def run_commands(context: Context, dockerfile: str = "Dockerfile") -> tuple[RunCommand, ...]:
    """Every command found, by file and line. `dockerfile` is a path in the context."""
    third_party = third_party_directories() | installed_directories()
    files = [name for name in context.files if third_party.isdisjoint(name.split("/")[:-1])]
    found: list[RunCommand] = []
    # an image with the name of the project is built from its main Dockerfile
    main = posixpath.basename(dockerfile) == "Dockerfile" or not context.has("Dockerfile")
    names = _project_names(context) if main else set()
    scripts = [(name, context.text(name, MAX_BYTES) or "") for name in files if _SCRIPT.fullmatch(name)]
    for path, text in scripts[:_MAX_FILES]:
        names |= _built_names(text, posixpath.dirname(path), dockerfile)
    manifests = [name for name in files if name.endswith((".yml", ".yaml")) and not _SCRIPT.fullmatch(name)]
    compose = [name for name in manifests if _COMPOSE.fullmatch(posixpath.basename(name))]
    services: dict[str, set[str]] = {}
    for path in compose[:_MAX_FILES]:
        built = compose_commands(context, path, dockerfile)[1]
        services.setdefault(posixpath.dirname(path), set()).update(built)
    for path in compose[:_MAX_FILES]:
        same = frozenset(services[posixpath.dirname(path)])
        commands, built = compose_commands(context, path, dockerfile, same)
        found += commands
        names |= built
    for path in manifests[: 10 * _MAX_FILES]:
        found += kubernetes_commands(context, path, names)
    for path in ("Procfile", *context.glob("*/Procfile")):
        found += _procfile_commands(context, path)
    for path, text in scripts[:_MAX_FILES]:
        found += _script_commands(path, text, names)
    return tuple(sorted(dict.fromkeys(found), key=lambda item: (item.file, item.line)))


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


def _built_names(text: str, directory: str, dockerfile: str) -> set[str]:
    """The tags that a script gives the image of this Dockerfile with `docker build -t`."""
    names = set()
    for _, words in _docker_lines(text):
        operands, options, _ = _operands(words, 2)
        if operands[:1] != ["build"]:
            continue
        file = options.get("-f") or options.get("--file") or "Dockerfile"
        tag = options.get("-t") or options.get("--tag") or ""
        spelled = {clean(file), clean(posixpath.join(directory, file))}
        if tag and (clean(dockerfile) in spelled or "$" in file):
            names.add(repository(tag))
    return names


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
