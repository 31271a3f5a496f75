"""Instructions that few files have: digests, capabilities, filled volumes, shells, here-documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from slimify.model.dockerfile import Instruction
from slimify.syntax.dockerfile.instructions import from_parts, volumes

from .kinds import Change, kind
from .subject import Subject, as_root, with_command

_DIGEST = "sha256:" + "f" * 64


@kind("digest-changed", "the base image is another one than the digest said")
def digest_changed(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        image = from_parts(stage[0]).image
        name, _, digest = image.partition("@")
        if digest:
            yield "without the digest", s.replaced(stage[0], stage[0].raw.replace(f"@{digest}", ""))
            yield "another digest", s.replaced(stage[0], stage[0].raw.replace(digest, _DIGEST))
            yield "another tag", s.replaced(stage[0], stage[0].raw.replace(name, f"{name}-slim"))


@kind("capability-lost", "the program may not do what its capabilities allow")
def capability_lost(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for run, number, part in s.commands(stage):
            if re.match(r"setcap\s", part.text):
                yield f"without {part.text}", with_command(s, run, number, None)
                text = re.sub(r"cap_\w+", "cap_chown", part.text)
                yield text, with_command(s, run, number, text)


@kind("volume-emptied", "a new volume lacks what the image had there")
def volume_emptied(s: Subject) -> Iterator[Change]:
    for x in s.final:
        for path in volumes(x) if x.keyword == "VOLUME" else ():
            if _is_filled(s, path):
                yield f"rm -rf {path}/*", as_root(s, f"RUN rm -rf {path}/*")
                yield f"rm -rf {path}", as_root(s, f"RUN rm -rf {path} && mkdir {path}")


def _is_filled(s: Subject, path: str) -> bool:
    """Whether a copy or a command that comes before the first USER puts something into a directory."""
    for x in s.final:
        if x.keyword == "USER":
            return False
        if x.keyword == "COPY" and (s.target(x).rstrip("/") + "/").startswith(path + "/"):
            return True
        if x.keyword == "RUN" and re.search(rf"[ >]{re.escape(path)}/\w", x.value):
            return True
    return False


@kind("shell-of-steps-lost", "another shell executes the steps of a stage")
def shell_of_steps_lost(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for x in stage:
            if x.keyword == "SHELL" and _has_step_after(stage, x):
                yield f"without {x.value}", s.without(x)
                yield "another one", s.replaced(x, 'SHELL ["/bin/ash", "-c"]')


def _has_step_after(stage: list[Instruction], x: Instruction) -> bool:
    return any(y.keyword == "RUN" and y.exec_form is None for y in stage[stage.index(x) :])


@kind("user-of-steps-lost", "another account executes the steps of a stage")
def user_of_steps_lost(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        users = [x for x in stage if x.keyword == "USER"]
        for x, following in pairwise(users):
            if any(y.keyword == "RUN" for y in stage[stage.index(x) : stage.index(following)]):
                yield f"without USER {x.value}", s.without(x)


@kind("heredoc-quoting", "variables in a here-document are replaced, or stay, unlike before")
def heredoc_quoting(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for x in stage:
            for doc in x.heredocs:
                found = re.search(r"<<(-?)([\"']?)(\w+)\2", x.raw)
                if found is None or x.keyword == "RUN" or not re.search(r"\$\w|\$\{", doc.body):
                    continue
                dash, quote, name = found.groups()
                new = f"<<{dash}{name}" if quote else f"<<{dash}'{name}'"
                yield new, s.replaced(x, x.raw.replace(found.group(), new, 1))


@kind("global-arg-moved", "FROM does not see a build argument that a stage declares")
def global_arg_moved(s: Subject) -> Iterator[Change]:
    first = next(x for x in s.file.instructions if x.keyword == "FROM")
    for x in s.file.instructions[: s.at(first)]:
        name = re.split(r"[=\s]", x.value)[0]
        if x.keyword == "ARG" and any(re.search(rf"\$\{{?{name}\b", st[0].value) for st in s.stages):
            yield f"{x.value} after FROM", s.edit({s.at(x): ""}, after={s.at(first): x.raw})


_SECRETS = ("/root/.netrc", "/root/.npmrc", "/root/.ssh", "/run/secrets/token", "/root/.pypirc")


@kind("secret-copied", "the image holds a secret of the builder")
def secret_copied(s: Subject) -> Iterator[Change]:
    for stage in s.builders[-1:]:
        alias = from_parts(stage[0]).alias
        for path in _SECRETS if alias else ():
            yield path, s.inserted(s.final[0], f"COPY --from={alias} {path} {path}")


@kind(
    "brought-cache-ignored",
    "an install does not read the cache that a COPY brings",
)
def brought_cache_ignored(s: Subject) -> Iterator[Change]:
    stage = s.final
    cache = any(s.target(x).startswith("/root/.cache") for x in s.from_builder())
    for run, number, part in s.commands(stage) if cache else ():
        if re.match(r"pip3? install\s", part.text) and "--no-cache-dir" not in part.text:
            text = part.text.replace("install", "install --no-cache-dir", 1)
            yield text, with_command(s, run, number, text)


# Options that decide what an installer takes, or what it executes (source: the documentation of npm, Yarn,
# pnpm, uv, pip, Pipenv and Poetry). Those of the second group hold for what follows too: the lock fits then.
_OPTIONS = re.compile(
    r" --(?:ignore-scripts|no-deps|require-hashes|legacy-peer-deps|no-root|no-build-isolation|pre"
    r"|(?P<lock>frozen-lockfile|frozen|locked|immutable|deploy|ignore-pipfile)"
    r"|(?:index-url|extra-index-url|constraint)[ =]\S+)(?=\s|$)"
)


@kind("install-option-lost", "an installer takes other releases, or executes what it must not")
def install_option_lost(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        before = ""
        for run, number, part in s.commands(stage):
            installs = re.search(r"\b(?:install|ci|sync|add)\b|^yarn\b", part.text)
            for option in _OPTIONS.finditer(part.text if installs else ""):
                if option[0] not in s.original.text or (option["lock"] and option[0] in before):
                    continue
                changed = part.text[: option.start()] + part.text[option.end() :]
                parts = [(p.operator, changed if n == number else p.text) for n, p in enumerate(s.parts(run))]
                yield f"without{option[0]} in line {run.line}", s.with_parts(run, parts)
            before += part.text
