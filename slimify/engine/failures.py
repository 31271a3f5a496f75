"""Classifies engine failures by the last error message of the engine.

Output of RUN steps is not considered, since it may contain any text. The exception is a full disk,
which a build step reports before the engine does.
"""

from __future__ import annotations

import re
from functools import cache, cached_property

from msgspec import Struct, convert

from slimify.engine.model import EngineProblem, Kind
from slimify.facts import load
from slimify.model.regex import regex

# BuildKit steps that resolve a base image or a frontend.
_PULL_STEP = regex(r" > (\[internal\] load metadata for|resolve image config for|\[[^\]]*\d\] FROM) ")
_ERROR_LINE = regex(r"(?:ERROR|Error|error|docker): |Error response from daemon|unknown (?:flag|shorthand)")
_LINE = regex(r"^\S*:(\d+)$")  # `Dockerfile:3`, above the lines BuildKit shows
_PARSE = regex(r"parse error (?:on )?line (\d+)")
_NEEDS_OLDER_BUILDER = regex(
    r"buildx component is missing or broken|'buildx' is not a docker command|unknown command \"buildx\""
    r"|unknown flag: --(load|progress)|buildkit not supported by daemon",
    re.IGNORECASE,
)


class _Failure(Struct, frozen=True, dict=True):
    """How an engine tells one kind of failure."""

    kind: Kind
    says: str
    messages: tuple[str, ...]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(self.messages), re.IGNORECASE | re.MULTILINE)


@cache
def _failures() -> dict[str, _Failure]:
    rows = convert(load("messages.toml")["engine"]["failures"], list[_Failure])
    return {row.kind: row for row in rows}


def older_builder_may_work(problem: EngineProblem) -> bool:
    """Whether an older builder of the engine may succeed."""
    return problem.kind == "old" and bool(_NEEDS_OLDER_BUILDER.search(problem.log))


def problem(log: str, *, otherwise: Kind, what: str) -> EngineProblem:
    """The failure of a command that printed `log`. `otherwise` is its kind if no rule matches; `what`
    describes the command if it printed nothing."""
    words = _error_text(log)
    kind = _kind(words) or otherwise
    return EngineProblem(kind, _message(kind, words) or f"{what} failed", log=log)


def build_problem(log: str) -> EngineProblem:
    """The failure of a build that printed `log`: of the engine, a base image or a Dockerfile line."""
    words = _error_text(log)
    kind = _kind(words) or "build"
    frame = _step_output(log)
    if kind == "build" and _failures()["disk"].pattern.search("\n".join(frame)):
        kind = "disk"
    elif kind == "build" and frame and _PULL_STEP.match(frame[0]):
        kind = "base"
    line = _line(log)
    message = _message(kind, words) or "the build failed without a message"
    if line is not None and kind in ("build", "base"):
        message = f"line {line}: {message}"
    return EngineProblem(kind, message, log=log, line=line)


def _kind(words: str) -> Kind | None:
    # A failed RUN is a build failure even if its command contains one of the messages.
    if "did not complete successfully" in words or "returned a non-zero code" in words:
        return "killed" if words.endswith("signal: killed") else None
    if re.search(r"building at STEP \"RUN.*: exit status \d+\Z", words, re.DOTALL):
        return None
    return next((row.kind for row in _failures().values() if row.pattern.search(words)), None)


def _error_text(log: str) -> str:
    """The log from the last error line on, or else its last line that is not blank."""
    lines = [line for line in log.splitlines() if line.strip()]
    for number in range(len(lines) - 1, -1, -1):
        if _ERROR_LINE.match(lines[number]):
            error_lines = lines[number:]
            break
    else:
        error_lines = lines[-1:]
    error_lines = [
        line
        for line in error_lines
        if not line.startswith(("See 'docker", "View build details", "Learn more"))
    ]
    return "\n".join(error_lines).strip()


def _message(kind: Kind, words: str) -> str:
    text = words.partition("\n")[0]
    for prefix in load("messages.toml")["engine"]["prefixes"]:
        text = text.removeprefix(prefix)
    says = _failures()[kind].says if kind in _failures() else ""
    return says + text.strip() if text else ""


def _line(log: str) -> int | None:
    """The Dockerfile line that failed: from the header of BuildKit's excerpt, or from a parse error."""
    lines = log.splitlines()
    for number in range(len(lines) - 1, 0, -1):
        if lines[number].startswith("-----") and (match := _LINE.match(lines[number - 1])):
            return int(match[1])
    match = _PARSE.search(_error_text(log))
    return int(match[1]) if match else None


def _step_output(log: str) -> list[str]:
    """The last output of the failed step: BuildKit repeats it between rules, others print it last."""
    lines = log.splitlines()
    marks = [number for number, line in enumerate(lines) if line == "------"]
    return lines[marks[-2] + 1 : marks[-1]] if len(marks) > 1 else lines[-6:]
