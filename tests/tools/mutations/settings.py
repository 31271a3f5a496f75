"""What the image says of itself and to whoever runs it: variables, directory, user, start, ports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise

from slimify.model.dockerfile import Instruction
from slimify.syntax.dockerfile.instructions import arg_names, copy_parts, env_pairs

from .kinds import Change, Kind, kind
from .subject import Stage, Subject

# Variables of the Go toolchain: only a compiler reads them, and the builder may keep them for itself.
_TOOLCHAIN = re.compile(r"GO[A-Z0-9]+|CGO_\w+|CC|CXX")


def _last(stage: Stage, keyword: str) -> Instruction | None:
    return next((x for x in reversed(stage) if x.keyword == keyword), None)


def _used_later(stage: Stage, instruction: Instruction, name: str, final: bool = True) -> bool:
    """Whether a later instruction reads the variable; in a builder, one that makes something of it."""
    for x in stage[stage.index(instruction) + 1 :]:
        if x.keyword == "CMD" or not re.search(rf"\$\{{?{name}\b", x.raw):
            continue
        if final or x.keyword not in ("ENV", "ARG", "LABEL", "EXPOSE"):
            return True
        if x.keyword == "ENV" and any(_used_later(stage, x, n, False) for n, _ in env_pairs(x)):
            return True
    return False


@kind("env-dropped", "a variable that run time may read is not set")
def env_dropped(s: Subject) -> Iterator[Change]:
    for x in s.final:
        if x.keyword != "ENV":
            continue
        pairs = env_pairs(x)
        for number, (name, value) in enumerate(pairs):
            if _TOOLCHAIN.fullmatch(name) or _set_again(s, x, name) or _of_base(s, name, value):
                continue
            rest = [f"{k}={v}" for n, (k, v) in enumerate(pairs) if n != number]
            yield f"without {name}", s.replaced(x, f"ENV {' '.join(rest)}") if rest else s.without(x)


def _set_again(s: Subject, x: Instruction, name: str) -> bool:
    after = s.final[s.final.index(x) + 1 :]
    return any(name == n for y in after if y.keyword == "ENV" for n, _ in env_pairs(y))


def _of_base(s: Subject, name: str, value: str) -> bool:
    base = s.base(s.final)
    if base is None:
        return False
    if name == "PATH":
        added = {p for p in value.strip("\"'").split(":") if "$" not in p}
        return added <= {*(base.env.get("PATH") or "").split(":")}
    return base.env.get(name) == value


@kind("env-changed", "a variable that run time may read has another value")
def env_changed(s: Subject) -> Iterator[Change]:
    for x in s.final:
        if x.keyword != "ENV":
            continue
        for name, value in env_pairs(x):
            if not _TOOLCHAIN.fullmatch(name) and not _set_again(s, x, name):
                for new in ("/nowhere", '""'):
                    if new != value:
                        yield f"{name}={new}", s.inserted(x, f"ENV {name}={new}")


@kind("builder-env-dropped", "a step of the builder lacks a variable that it reads")
def builder_env_dropped(s: Subject) -> Iterator[Change]:
    for stage in s.builders:
        for x in stage:
            if x.keyword != "ENV":
                continue
            # with `ENV A=$A` the ARG is there all the same
            names = [n for n, value in env_pairs(x) if value.strip('"{}') not in (f"${n}", f"${{{n}")]
            if any(_used_later(stage, x, n, final=False) for n in names) or _makes_static(s, x):
                yield f"without {x.value}", s.without(x)


def _makes_static(s: Subject, x: Instruction) -> bool:
    """Whether a program needs no C library only because of this variable."""
    base = s.base(s.final)
    return "CGO_ENABLED=0" in x.value.replace(" ", "=") and base is not None and base.libc == "none"


@kind("arg-dropped", "an instruction uses a build argument that its stage does not declare")
def arg_dropped(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for x in stage:
            if x.keyword == "ARG" and any(
                _used_later(stage, x, n, stage is s.final) and not s.inherits_argument(stage, n)
                for n, _ in arg_names(x)
            ):
                yield f"without {x.value}", s.without(x)


@kind("arg-moved-down", "an instruction uses a build argument above its declaration")
def arg_moved_down(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for x in stage[1:-1]:
            if x.keyword == "ARG" and any(
                _used_later(stage, x, n, stage is s.final) and not s.inherits_argument(stage, n)
                for n, _ in arg_names(x)
            ):
                text = s.edit({s.at(x): ""}, after={s.at(stage[-1]): x.raw})
                yield f"{x.value} as the last line", text


@kind("global-arg-dropped", "FROM uses a build argument that is not declared")
def global_arg_dropped(s: Subject) -> Iterator[Change]:
    for x in s.file.instructions:
        if x.keyword == "FROM":
            break
        if any(re.search(rf"\$\{{?{n}\b", st[0].value) for n, _ in arg_names(x) for st in s.stages):
            yield f"without {x.value}", s.without(x)


@kind("workdir-dropped", "run time starts in another directory, or relative paths lead elsewhere")
def workdir_dropped(s: Subject) -> Iterator[Change]:
    for x in _deciding_workdirs(s):
        base = s.base(s.final)
        if s.expanded(x, x.value) != ((base.workdir if base else "") or "/"):
            yield f"without {x.value}", s.without(x)


def _deciding_workdirs(s: Subject) -> list[Instruction]:
    found = []
    for x in s.final:
        if x.keyword != "WORKDIR" or s.directory(s.final, x) == s.expanded(x, x.value).rstrip("/"):
            continue
        after = [y for y in s.final[s.final.index(x) + 1 :] if y.keyword == "WORKDIR"]
        if not after:
            found.append(x)
    return found


@kind("workdir-changed", "run time starts in another directory")
def workdir_changed(s: Subject) -> Iterator[Change]:
    for x in _deciding_workdirs(s):
        for new in ("/nowhere", "/", "sub"):
            if s.expanded(x, x.value) != new:
                yield f"WORKDIR {new}", s.replaced(x, f"WORKDIR {new}")


@kind("builder-workdir-dropped", "a step of the builder does not find its files, or leaves them elsewhere")
def builder_workdir_dropped(s: Subject) -> Iterator[Change]:
    for stage in s.builders:
        for x in stage:
            if x.keyword == "WORKDIR" and s.directory(stage, x) != s.expanded(x, x.value).rstrip("/"):
                path = s.expanded(x, x.value).rstrip("/") + "/"
                taken = (y for y in s.from_builder() for y in copy_parts(y).sources)
                if any((source + "/").startswith(path) for source in taken):
                    yield f"without {x.value}", s.without(x)


@kind("user-dropped", "the image runs as root")
def user_dropped(s: Subject) -> Iterator[Change]:
    user = _last(s.final, "USER")
    others = [x for x in s.final if x.keyword == "USER" and x is not user]
    if user is not None and user.value not in ("root", "0", "0:0") and not others:
        yield f"without USER {user.value}", s.without(user)


@kind("user-changed", "the image runs as somebody else, or not at all")
def user_changed(s: Subject) -> Iterator[Change]:
    user = _last(s.final, "USER")
    for new in ("root", "0", "no-such-user", "4321:4321"):
        if user is not None and user.value != new:
            yield f"USER {new}", s.replaced(user, f"USER {new}")
        elif user is None and new not in ("root", "0"):
            yield f"USER {new}", s.inserted(s.final[-1], f"USER {new}")


def _setting(keyword: str, harm: str, others: tuple[str, ...]) -> Kind:
    """A kind that drops an instruction, or changes what it says."""

    def mutate(s: Subject) -> Iterator[Change]:
        found = [x for x in s.final if x.keyword == keyword]
        for x in found:
            if not any(y is not x and y.value == x.value for y in found):
                yield f"without {keyword} {x.value}", s.without(x)
        for other in others:
            if all(x.value != other for x in found):
                yield f"{keyword} {other}", s.inserted(s.final[-1], f"{keyword} {other}")

    return kind(f"{keyword.lower()}-changed", harm)(mutate)


@kind("arg-default-changed", "FROM or a step uses another version")
def arg_default_changed(s: Subject) -> Iterator[Change]:
    for x in s.file.instructions:
        if x.keyword != "ARG" or not re.fullmatch(r"\w+=[\w.-]+", x.value):
            continue
        name, value = x.value.split("=")
        stage = next((st for st in s.stages if any(y is x for y in st)), [])
        froms = any(re.search(rf"\$\{{?{name}\b", st[0].value) for st in s.stages)
        used = _used_later(stage, x, name, stage is s.final) if stage else froms
        if used and name not in s.program.build_args:
            yield f"{name}=99.9 for {value}", s.replaced(x, f"ARG {name}=99.9")


_setting("EXPOSE", "tools publish other ports", ("9999", "53/udp"))
_setting("VOLUME", "data is kept elsewhere, or not at all", ("/var/lib/other", '["/srv/a", "/srv/b"]'))
_setting("LABEL", "whoever looks for the label does not find it", ("maintainer=nobody", "stage=build"))
_setting("STOPSIGNAL", "the program is stopped in another way", ("SIGKILL", "SIGUSR2"))
_setting("HEALTHCHECK", "another check, or none", ("NONE", "CMD true", "--interval=1s CMD exit 0"))
_setting("SHELL", "another shell executes the commands", ('["/bin/bash", "-c"]', '["/bin/sh", "-ec"]'))
_setting("ONBUILD", "images that build on this one lack a step", ("RUN echo hello", "COPY . /srv"))


@kind("cmd-changed", "another program starts")
def cmd_changed(s: Subject) -> Iterator[Change]:
    yield from _start_changed(s, "CMD")


@kind("entrypoint-changed", "another program starts")
def entrypoint_changed(s: Subject) -> Iterator[Change]:
    yield from _start_changed(s, "ENTRYPOINT")


def _start_changed(s: Subject, keyword: str) -> Iterator[Change]:
    x = _last(s.final, keyword)
    if x is None:
        yield f"with {keyword}", s.inserted(s.final[-1], f'{keyword} ["/bin/true"]')
        return
    other = "ENTRYPOINT" if keyword == "CMD" else "CMD"
    yield f"without {keyword}", s.without(x)
    yield f"a second {keyword}", s.inserted(s.final[-1], f'{keyword} ["sleep", "infinity"]')
    if _last(s.final, other) is None:
        yield f"{other} for {keyword}", s.replaced(x, f"{other} {x.value}")
    if x.exec_form:
        words = list(x.exec_form)
        if len(words) > 1:
            yield "without the last word", s.replaced(x, f"{keyword} {json.dumps(words[:-1])}")
            yield "without the first word", s.replaced(x, f"{keyword} {json.dumps(words[1:])}")
        yield "another word", s.replaced(x, f"{keyword} {json.dumps([*words, '--debug'])}")
        yield "shell form", s.replaced(x, f"{keyword} {' '.join(words)}")
    else:
        yield "other text", s.replaced(x, f"{keyword} {x.value} --debug")
        yield "exec form", s.replaced(x, f"{keyword} {json.dumps(x.value.split())}")


@kind("setting-in-builder", "the builder has the instruction, the image does not")
def setting_in_builder(s: Subject) -> Iterator[Change]:
    if not s.several:
        return
    base = s.base(s.final)
    inherited = f"CMD {json.dumps(base.cmd)}" if base is not None else ""
    for x in s.final:
        if x.raw.strip() != inherited and x.keyword in (
            "CMD",
            "ENTRYPOINT",
            "USER",
            "HEALTHCHECK",
            "VOLUME",
            "EXPOSE",
            "STOPSIGNAL",
            "LABEL",
        ):
            if x.keyword == "USER" and (x.value in ("root", "0") or x is not _last(s.final, "USER")):
                continue
            others = [y.value for y in s.final if y.keyword == "USER" and y is not x]
            if x.keyword == "USER" and others[-1:] == [x.value]:
                continue  # the image still runs as that account
            text = s.edit({s.at(x): ""}, after={s.at(s.builders[-1][-1]): x.raw})
            yield f"{x.keyword} {x.value} in the builder", text


@kind("env-merged", "a variable is expanded before another one of its instruction is set")
def env_merged(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for x, y in pairwise(stage):
            if (x.keyword, y.keyword) != ("ENV", "ENV"):
                continue
            first, second = env_pairs(x), env_pairs(y)
            names = [n for n, _ in first if any(re.search(rf"\$\{{?{n}\b", v) for _, v in second)]
            earlier = {n for z in stage[: stage.index(x)] if z.keyword == "ENV" for n, _ in env_pairs(z)}
            if names and not earlier.intersection(names) and (stage is s.final or _is_read(stage, y)):
                merged = " ".join(f'{n}="{v.strip(chr(34))}"' for n, v in (*first, *second))
                yield f"{names[0]} with line {y.line}", s.edit({s.at(x): f"ENV {merged}", s.at(y): ""})


def _is_read(stage: Stage, instruction: Instruction) -> bool:
    """Whether a later step of a builder reads a variable of the instruction."""
    return any(_used_later(stage, instruction, n, False) for n, _ in env_pairs(instruction))
