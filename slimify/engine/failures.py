"""Whose fault a failure is, from what the engine printed last.

Only the engine's own last words are judged: what a RUN printed may hold any text. The one exception
is a full disk, which a build step notices before the engine does.
"""

from __future__ import annotations

import re

from slimify.engine.model import EngineProblem, Kind

_DISK = r"no space left on device|disk quota exceeded|not enough space|insufficient storage"
# First match wins. The words are those of docker 19 to 29, buildx, podman 3 to 5 and buildah.
_RULES: tuple[tuple[Kind, str], ...] = (
    ("disk", _DISK),
    (
        "unreachable",
        r"cannot connect to (the docker daemon|podman)|error during connect"
        r"|failed to connect to the docker api|is the docker daemon running"
        r"|permission denied while trying to connect|unable to connect to podman"
        r"|unable to resolve docker endpoint|context not found|context \S+ does not exist"
        r"|no builder \S+ found|failed to initialize builder|failed to find driver|no valid drivers found"
        r"|could not connect to \S+buildkit|buildkitd?\S* is not running",
    ),
    (
        "old",
        r"buildx component is missing or broken|requires? buildkit|requires the buildkit|unknown flag: --"
        r"|unknown shorthand flag|'buildx' is not a docker command|client version \S+ is too (new|old)"
        r"|buildkit not supported by daemon|buildkit is (disabled|not enabled)|requires api version"
        r"|unknown command \"buildx\"",
    ),
    (
        "killed",
        r"code = unavailable|error reading from server: eof|unexpected eof|transport is closing"
        r"|connection reset by peer|closing transport|signal: killed|context canceled"
        r"|no such (image|container)|no container with (name|id)|image not known|no such object"
        r"|reference does not exist|no session for",
    ),
    (
        "base",
        r"failed to resolve source metadata|pull access denied|manifest unknown|manifest for \S+ not found"
        r"|no match for platform in manifest|no matching manifest|toomanyrequests|rate limit"
        r"|creating build container|initializing source docker://|failed to do request: (head|get)"
        r"|did not resolve to an alias|no stage or image found|httpreadseeker|unable to copy from source"
        r"|failed to authorize|error response from daemon: get \"?https?://|^get \"?https?://\S+/v2/"
        r"|repository does not exist|unable to find image|invalid reference format",
    ),
)
_COMPILED = tuple((kind, re.compile(rule, re.IGNORECASE | re.MULTILINE)) for kind, rule in _RULES)
_FULL = re.compile(_DISK, re.IGNORECASE)
# The steps of BuildKit that ask for a base image or a frontend.
_GETTING = re.compile(r" > (\[internal\] load metadata for|resolve image config for|\[[^\]]*\d\] FROM) ")
_LAST_WORD = re.compile(
    r"(?:ERROR|Error|error|docker): |Error response from daemon|unknown (?:flag|shorthand)"
)
_LINE = re.compile(r"^\S*:(\d+)$")  # `Dockerfile:3`, above the lines BuildKit shows
_PARSE = re.compile(r"parse error (?:on )?line (\d+)")
_PREFIXES = (
    "ERROR: ",
    "Error: ",
    "docker: ",
    "Error response from daemon: ",
    "failed to build: ",
    "failed to solve: ",
    "failed to solve with frontend dockerfile.v0: ",
)
_SAYS: dict[Kind, str] = {
    "base": "a base image can't be had: ",
    "disk": "no space is left: ",
    "killed": "it went away in the middle: ",
    "old": "the engine is too old for this, or lacks a part: ",
    "unreachable": "the engine does not answer: ",
}


_OTHER_WAY = re.compile(
    r"buildx component is missing or broken|'buildx' is not a docker command|unknown command \"buildx\""
    r"|unknown flag: --(load|progress)|buildkit not supported by daemon",
    re.IGNORECASE,
)


def other_way(problem: EngineProblem) -> bool:
    """Whether an older way of building may do what this one could not."""
    return problem.kind == "old" and bool(_OTHER_WAY.search(problem.log))


def problem(log: str, *, otherwise: Kind, what: str) -> EngineProblem:
    """The failure of a program that printed `log`; `otherwise` is its kind where no rule knows it."""
    words = _last_words(log)
    kind = _kind(words) or otherwise
    return EngineProblem(kind, _message(kind, words) or f"{what} failed", log=log)


def build_problem(log: str) -> EngineProblem:
    """The failure of a build: of the engine, of a base image, or of a line of the Dockerfile."""
    words = _last_words(log)
    kind = _kind(words) or "build"
    frame = _frame(log)
    if kind == "build" and _FULL.search("\n".join(frame)):
        kind = "disk"
    elif kind == "build" and frame and _GETTING.match(frame[0]):
        kind = "base"
    line = _line(log)
    message = _message(kind, words) or "the build failed without a word"
    if line is not None and kind in ("build", "base"):
        message = f"line {line}: {message}"
    return EngineProblem(kind, message, log=log, line=line)


def _kind(words: str) -> Kind | None:
    # A RUN that failed is a failed RUN, whatever is written in its command.
    if "did not complete successfully" in words or "returned a non-zero code" in words:
        return "killed" if words.endswith("signal: killed") else None
    if re.search(r"building at STEP \"RUN.*: exit status \d+\Z", words, re.DOTALL):
        return None
    return next((kind for kind, rule in _COMPILED if rule.search(words)), None)


def _last_words(log: str) -> str:
    """From the last line that says error on; else the last line that says anything."""
    lines = [line for line in log.splitlines() if line.strip()]
    for number in range(len(lines) - 1, -1, -1):
        if _LAST_WORD.match(lines[number]):
            said = lines[number:]
            break
    else:
        said = lines[-1:]
    said = [line for line in said if not line.startswith(("See 'docker", "View build details", "Learn more"))]
    return "\n".join(said).strip()


def _message(kind: Kind, words: str) -> str:
    text = words.partition("\n")[0]
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    return _SAYS.get(kind, "") + text.strip() if text else ""


def _line(log: str) -> int | None:
    """The Dockerfile's line, as BuildKit shows it above the excerpt, or as the parser names it."""
    lines = log.splitlines()
    for number in range(len(lines) - 1, 0, -1):
        if lines[number].startswith("-----") and (match := _LINE.match(lines[number - 1])):
            return int(match[1])
    match = _PARSE.search(_last_words(log))
    return int(match[1]) if match else None


def _frame(log: str) -> list[str]:
    """What the failing step printed last: BuildKit repeats it in a frame, others print it at the end."""
    lines = log.splitlines()
    marks = [number for number, line in enumerate(lines) if line == "------"]
    return lines[marks[-2] + 1 : marks[-1]] if len(marks) > 1 else lines[-6:]
