"""Commands that other files of the context run inside the image: compose, Kubernetes, Helm, Makefile, CI.

In: a `Context` and the Dockerfile's path in it; out: commands with their places. Best effort: a file
that cannot be read says nothing, and which image a command is for is judged by names alone.
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
from slimify.languages import installed_directories, languages

_MAX_FILES = 300
_FOREIGN = frozenset({"vendor", "third_party", "testdata"})
_COMPOSE = re.compile(r"(?:docker-)?compose[\w.-]*\.ya?ml")
_SCRIPT = re.compile(r"(?:.*/)?(?:GNUm|M|m)akefile|.*\.mk|\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml")
_DOCKER = re.compile(
    r"\b(?:docker|podman)(?:[ -]compose)?[ \t]+(?:container\s+|image\s+|buildx\s+)?(?P<rest>[^\n]*)"
)
# The options of `docker run`, `exec`, `build` and compose that take no value; others take the next word.
_BARE_OPTIONS = frozenset(
    (
        *("--detach", "--interactive", "--tty", "--rm", "--init", "--privileged", "--publish-all"),
        *("--read-only", "--no-healthcheck", "--oom-kill-disable", "--sig-proxy", "--quiet", "--no-deps"),
        *("--no-TTY", "--service-ports", "--use-aliases", "--build", "--remove-orphans", "--verbose"),
        *("--no-ansi", "--all-resources", "--compatibility", "--dry-run", "--pull", "--no-cache", "--push"),
        *("--load", "--force-rm", "--squash", "--compress"),
    )
)


def run_commands(context: Context, dockerfile: str = "Dockerfile") -> tuple[RunCommand, ...]:
    """Every command found, by file and line. `dockerfile` is its path in the context."""
    foreign = _FOREIGN | installed_directories()
    files = [name for name in context.files if foreign.isdisjoint(name.split("/")[:-1])]
    found: list[RunCommand] = []
    # an image of the project's name is made by its main Dockerfile
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
        found += _procfile(context, path)
    for path, text in scripts[:_MAX_FILES]:
        found += _script(path, text, names)
    return tuple(sorted(dict.fromkeys(found), key=lambda item: (item.file, item.line)))


def _project_names(context: Context) -> set[str]:
    """What an image of this context is likely called."""
    names = {context.root.name.lower()} if context.root is not None else set()
    projects = (part for known in languages() if (part := known.project) is not None)
    return {name for name in (*names, *(part.name(context) for part in projects)) if name}


def _procfile(context: Context, path: str) -> Iterator[RunCommand]:
    # It names processes of the application, but for a buildpack's image: never certain.
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
    """(line, words behind `docker`) for each call of docker, podman or compose in a script."""
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
    """(the first `count` words that are no options, the options before them, what follows)."""
    operands: list[str] = []
    options: dict[str, str] = {}
    at = 0
    while at < len(words) and len(operands) < count:
        word = words[at]
        at += 1
        bare = "q" if operands == ["build"] else "ditPqT"  # -t is a tag here, a terminal there
        if not word.startswith("-") or word == "-":
            operands.append(word)
        elif "=" in word:
            name, _, options[name] = word.partition("=")
        elif word not in _BARE_OPTIONS and (word.startswith("--") or word[-1] not in bare):
            options[word] = words[at] if at < len(words) else ""
            at += 1
    return operands, options, words[at:]


def _built_names(text: str, directory: str, dockerfile: str) -> set[str]:
    """The names that a script gives the image of this Dockerfile by `docker build -t NAME`."""
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


def _script(path: str, text: str, names: set[str]) -> Iterator[RunCommand]:
    """`docker run|exec … NAME COMMAND` where the name is one of the image's, or a container's variable."""
    for line, words in _docker_lines(text):
        operands, _, rest = _operands(words, 2)
        if len(operands) < 2 or operands[0] not in ("run", "exec"):
            continue
        verb, image = operands
        command = _up_to_operator(rest)
        certain = repository(image) in names
        # An option behind a variable: the variable was no image, but more options.
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
