"""Parses build output as progress: BuildKit's plain format, the legacy builder's and buildah's."""

from __future__ import annotations

from collections import deque

from slimify.engine.model import MOST_OUTPUT, Progress
from slimify.model.regex import regex

_ESCAPES = regex(r"\x1b\[[0-9;?]*[A-Za-z]")
# `#7 [3/3] RUN …`, `#7 [stage-0 2/2] COPY …`, `#12 [linux/amd64 build 2/5] RUN …`
_BUILDKIT = regex(r"#(?P<id>\d+) \[(?P<stage>[^\]]*?) ?(?P<step>\d+)/(?P<steps>\d+)\] (?P<text>.*)")
_EXPORT = regex(r"#\d+ (?P<text>exporting to \S+|sending tarball|importing to docker)")
_CACHED = regex(r"#(?P<id>\d+) CACHED|(?: ---> |--> )Using cache.*")
# `Step 2/3 : RUN …` (legacy), `STEP 2/3: RUN …`, `[1/2] STEP 2/3: RUN …` (buildah, podman)
_CLASSIC = regex(r"(?:\[(?P<stage>\d+)/\d+\] )?S(?:tep|TEP) (?P<step>\d+)/(?P<steps>\d+) ?: (?P<text>.*)")
_MOST_LINE = 100_000  # characters


def clean(text: str) -> str:
    """Text without escape sequences. Of a line that is overwritten in place, only the last state is kept."""
    lines = _ESCAPES.sub("", text).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


class BuildLog:
    """Collects the output of a build; `lines` is the log, `position` the progress.

    A Dockerfile of several stages has steps 1..n in each: the numbers given are those of all stages
    seen so far, so `steps` may still grow, and `step` never falls.
    """

    def __init__(self, label: str) -> None:
        self.lines: deque[str] = deque()
        self._size = 0
        self._label = label
        self._rest = b""
        self._seen: set[tuple[str, int]] = set()
        self._steps: dict[str, int] = {}
        self._text = ""
        self._done = False
        self._runs: set[str] = set()  # RUN steps by BuildKit's step number
        self._last = ""

    def feed(self, chunk: bytes) -> bool:
        """Add output. Returns whether the build has progressed."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > _MOST_LINE:
            lines, self._rest = [*lines, self._rest], b""
        return sum(self._take(line) for line in lines) > 0

    def close(self) -> None:
        """Add a last line without a line end."""
        if self._rest:
            self._take(self._rest)
            self._rest = b""

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def runs(self) -> int:
        """The number of RUN steps that were executed, without cached ones."""
        return len(self._runs)

    def position(self, elapsed: float) -> Progress:
        """The progress after `elapsed` seconds."""
        steps = sum(self._steps.values())
        step = steps if self._done else len(self._seen)
        return Progress(label=self._label, step=step, steps=steps, text=self._text, elapsed=elapsed)

    def _take(self, raw: bytes) -> bool:
        line = clean(raw.decode("utf-8", "replace"))
        self.lines.append(line)
        self._size += len(line) + 1
        while self._size > MOST_OUTPUT:  # the last lines are kept; BuildKit limits a log, others do not
            self._size -= len(self.lines.popleft()) + 1
        if match := _CACHED.fullmatch(line):
            self._runs.discard(match["id"] or self._last)
            return False
        if match := _BUILDKIT.fullmatch(line) or _CLASSIC.fullmatch(line):
            stage, step = (match["stage"] or "").rpartition(" ")[2], int(match["step"])
            self._steps[stage] = int(match["steps"])
            self._last = match.groupdict().get("id") or f"{stage}/{step}"
            if match["text"].startswith("RUN "):
                self._runs.add(self._last)
            if (stage, step) in self._seen:
                return False
            self._seen.add((stage, step))
            self._text = match["text"]
            return True
        if (match := _EXPORT.match(line)) and not self._done:
            self._done, self._text = True, match["text"]
            return True
        return False
