"""Which files certainly exist after a list of commands with branches, loops and `||`.

A command in a branch may not run: what it writes is only possible. It is certain if each branch that goes on
writes it, as after `npm ci || npm install`, or if the other branches end the build: `test … || exit 1`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.model.effects import Effect
from slimify.model.shell import Command

_TOKEN = re.compile(
    r"\|\||&&|;;|\*\)|[;&|\n(){}]"
    r"|(?<![\w./$-])(?:if|then|elif|else|fi|for|while|until|select|case|esac|do|done)(?![\w./=-])"
)
_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*|\\\n")
_LITERALS = re.compile(r"\bin\s+[^\s;$*?`\[][^;$*?`\[\n]*(?:;|\n)\s*do\b")  # for x in a b; do
_LOOPS = ("for", "while", "until", "select")
_OPENS = {"if": "if", "case": "case", "(": "(", "{": "{", **dict.fromkeys(_LOOPS, "loop")}
_CLOSES = {"fi": "if", "esac": "case", "done": "loop", ")": "(", "}": "{"}
_JOINS = frozenset({"&&", "||", "|"})  # a line break behind them separates nothing


class _Branch(Struct):
    """Commands that run one after another. `alternatives` are those around `||` since the last separator:
    what each writes, and whether it ends the build."""

    written: set[str] = field(default_factory=set)
    ends: bool = False
    alternatives: list[_Branch] = field(default_factory=list)

    @property
    def current(self) -> _Branch:
        if not self.alternatives:
            self.alternatives.append(_Branch())
        return self.alternatives[-1]

    def close(self) -> _Branch:
        """The branch after the alternatives of its last list."""
        found = _common(self.alternatives)
        self.written |= found.written
        self.ends = self.ends or found.ends
        self.alternatives = []
        return self


class _Frame(Struct):
    """A construct that is open, with its branches so far. `certain`: one of them runs."""

    kind: str
    certain: bool = False
    branches: list[_Branch] = field(default_factory=lambda: [_Branch()])

    def close(self) -> _Branch:
        found = _common([branch.close() for branch in self.branches])
        return found if self.certain else _Branch()


def _common(branches: Sequence[_Branch]) -> _Branch:
    """What each of the branches writes that does not end the build."""
    going = [b.written for b in branches if not b.ends]
    return _Branch(set.intersection(*going) if going else set(), bool(branches) and not going)


def with_certainty(
    found: Sequence[tuple[Command, tuple[Effect, ...]]], text: str, start: int
) -> tuple[Effect, ...]:
    """The effects of commands, with the paths that may not exist afterwards in `possible`. `text` is that of
    the script, `start` the offset behind the command before."""
    frames = [_Frame("{", certain=True)]
    end, last = start, ""
    for command, effects in found:
        gap = _COMMENT.sub("", text[end : command.start]) if command.start > end else ""
        end = max(end, command.end)
        for match in _TOKEN.finditer(gap):
            _step(frames, match[0], last, gap)
            last = match[0]
        last = "" if gap else last
        branch = frames[-1].branches[-1].current
        branch.written |= {p for e in effects for p in (*e.writes, *e.outputs) if p not in e.possible}
        branch.written.update(_tested(command, effects))
        branch.ends = branch.ends or _ends_build(command)
    while len(frames) > 1:
        _close(frames)
    certain = frames[0].close().written
    return tuple(_marked(effect, certain) for _, effects in found for effect in effects)


def _marked(effect: Effect, certain: set[str]) -> Effect:
    paths = (*effect.writes, *effect.outputs)
    possible = tuple(p for p in paths if p not in certain or p in effect.possible)
    return effect if possible == effect.possible else replace(effect, possible=possible)


def _step(frames: list[_Frame], token: str, last: str, gap: str) -> None:
    frame = frames[-1]
    if token in _OPENS:
        literal = token == "for" and _LITERALS.search(gap) is not None
        frames.append(_Frame(_OPENS[token], certain=token in ("(", "{") or literal))
    elif token in _CLOSES:
        if frame.kind == _CLOSES[token] and len(frames) > 1:
            _close(frames)
    elif token == "*)":
        frame.certain = frame.certain or frame.kind == "case"
    elif token == "else":
        frame.certain = True
        frame.branches.append(_Branch())
    elif token in ("then", "elif"):
        # the condition runs in any case, but what it writes is not counted
        if token == "then":
            frame.branches[-1] = _Branch()
        else:
            frame.branches.append(_Branch())
    elif token == ";;":
        frame.branches.append(_Branch())
    elif token == "||":
        frame.branches[-1].alternatives.append(_Branch())
    elif token in (";", "&") or (token == "\n" and last not in _JOINS):
        frame.branches[-1].close()


def _close(frames: list[_Frame]) -> None:
    frame = frames.pop()
    if frame.kind == "case" and not frame.branches[-1].alternatives and len(frame.branches) > 1:
        frame.branches.pop()  # behind the last `;;`
    inner = frame.close()
    branch = frames[-1].branches[-1].current
    branch.written |= inner.written
    branch.ends = branch.ends or inner.ends


def _tested(command: Command, effects: tuple[Effect, ...]) -> tuple[str, ...]:
    """The path that exists if the command, a test for it, succeeds."""
    words = [word.value for word in command.words]
    cwd = effects[0].cwd if effects else None
    if words[:1] not in (["["], ["test"]) or words[1:2] not in (["-d"], ["-e"], ["-f"]) or cwd is None:
        return ()
    return (posixpath.normpath(posixpath.join(cwd, words[2] or "")),) if len(words) > 2 else ()


def _ends_build(command: Command) -> bool:
    words = [word.value for word in command.words]
    return words[:1] == ["false"] or (words[:1] in (["exit"], ["return"]) and words[1:2] not in ([], ["0"]))
