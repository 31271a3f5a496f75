"""Commands of RUN that are missing, or do something else."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Iterator

from slimify.model.dockerfile import Instruction
from slimify.syntax.dockerfile.instructions import copy_parts

from .copies import essential
from .kinds import Change, kind
from .subject import Part, Stage, Subject, as_root, with_command

_MAKES = re.compile(
    r"""(?:npm|pnpm|bun)\s+(?:ci|install|i|add)\b|yarn(?:\s+install|\s+build|$)
    |(?:npm|pnpm|bun)\s+run\s+build|npx\s+prisma\s+generate
    |(?:\S*/)?pip3?\s+(?:install|wheel)\b(?!.*(?:--upgrade|-U)\s+(?:pip|wheel)\b)
    |poetry\s+install(?!.*--no-root)|pipenv\s+install|uv\s+(?:sync(?!.*no-install)|pip)|conda\s+env|go\s+(?:build|install)\b|make\b
    |swag\s+init|python3?\s+-m\s+venv|tar\b|unzip\b|curl\b|wget\b|cp\b|ln\b|node\s+build|corepack\s+enable""",
    re.X,
)

_DROPS_PACKAGES = re.compile(r"--production --ignore|pnpm install --prod ")  # without it, the image is larger


@kind("builder-run-dropped", "a step that makes what is copied, or what such a step reads")
def builder_run_dropped(s: Subject) -> Iterator[Change]:
    for stage in s.builders:
        for run in s.runs(stage):
            again = any(run.value == x.value for x in s.final)
            if not again and any(_makes_something(part) for part in s.parts(run)):
                yield f"without {run.value[:60]}", s.without(run)


def _makes_something(part: Part) -> bool:
    """Whether what is copied depends on a command of the builder."""
    return bool(_MAKES.match(_plain(part.text))) and not re.search(r"\s(?:-g|--global)\b", part.text)


def _plain(text: str) -> str:
    """A command without what stands in front of it."""
    return re.sub(r"^(?:\w+=\S*\s+)+", "", text)


@kind("builder-command-dropped", "one command of a RUN in the builder is missing")
def builder_command_dropped(s: Subject) -> Iterator[Change]:
    for stage in s.builders:
        for run, number, part in s.commands(stage):
            parts = s.parts(run)
            if len(parts) < 2 or _DROPS_PACKAGES.search(part.text) or _is_repeated(s, stage, part):
                continue
            moves = re.match(r"cd\s+[^-]", part.text) and any(map(_makes_something, parts[number + 1 :]))
            if moves or _makes_something(part):
                yield f"without {part.text[:60]}", with_command(s, run, number, None)


def _is_repeated(s: Subject, stage: Stage, part: Part) -> bool:
    """Whether a command installs a project once more, to drop its development groups."""
    plain = re.sub(r" --no-dev\b| --sync\b| --only main\b", "", part.text)
    return plain != part.text and any(plain == other.text for _, _, other in s.commands(stage))


@kind("builder-output-renamed", "the builder writes another path than the one that is copied")
def builder_output_renamed(s: Subject) -> Iterator[Change]:
    for stage in s.builders:
        for run, number, part in s.commands(stage):
            found = re.search(r"(?<=\s-o)[ =]([^\s;]+)", part.text)
            if found and part.text.startswith(("go ", "CGO", "GOOS")):
                text = part.text[: found.start(1)] + "/tmp/other" + part.text[found.end(1) :]
                yield f"{found.group(1)} is /tmp/other", with_command(s, run, number, text)
            if re.search(r"\s-m venv \S+", part.text):
                text = re.sub(r"(-m venv )(\S+)", r"\1/srv/othervenv", part.text)
                yield "venv at /srv/othervenv", with_command(s, run, number, text)


@kind("final-run-dropped", "a step of the final stage is missing")
def final_run_dropped(s: Subject) -> Iterator[Change]:
    for run in s.runs(s.final):
        shapes = any(_shapes_image(part) for part in s.parts(run))
        if shapes and not _adds_account(s, run) and not _copies_for_nobody(s, run):
            yield f"without {run.value[:60]}", s.without(run)


def _copies_for_nobody(s: Subject, run: Instruction) -> bool:
    """Whether a RUN only copies to a place that no file of the context, no other step and no start names."""
    place = run.value.split()[-1]
    texts = [text for file, text in s.contents.items() if not file.endswith("Dockerfile")]
    texts += [x.raw for x in s.final if x is not run]
    return run.value.startswith("cp ") and "/" in place and not any(place in text for text in texts)


def _adds_account(s: Subject, run: Instruction) -> bool:
    """Whether a RUN makes the account of --nonroot, which the user's file does not have."""
    return bool(s.plan.user) and re.match(r"(?:group|user)?add(?:group|user)?\b", run.value) is not None


def _shapes_image(part: Part) -> bool:
    """Whether a command leaves something that is not a package of the system."""
    names = r"""useradd|adduser|groupadd|addgroup|ln|echo|cp|mv|install|sed|printf|touch|python3?|npm|npx|
    playwright|pip3?|wget|curl|unzip|tar|crontab|corepack|conda|poetry|make|go|rm\s+/etc/nginx"""
    return bool(re.match(rf"(?:{names})\b", _plain(part.text), re.X)) and not re.match(
        r"npm (?:cache|prune|uninstall)|go (?:clean|vet|test|mod download|get -d)|conda clean|yarn cache"
        r"|pip3? (?:uninstall|cache|install.* pip$)|.*(?:--production|--no-root)",
        part.text,
    )


@kind("final-command-dropped", "one command of a RUN in the final stage is missing")
def final_command_dropped(s: Subject) -> Iterator[Change]:
    for run, number, part in s.commands(s.final):
        if _adds_account(s, run):
            continue
        directory = part.text.startswith("mkdir") and _used_again(s, run, part)
        if directory and _made_before(s, run, number, part):
            continue
        moves = re.match(r"cd\s+[^-]", part.text) and any(map(_shapes_image, s.parts(run)[number + 1 :]))
        if len(s.parts(run)) > 1 and (directory or _shapes_image(part) or moves):
            yield f"without {part.text[:60]}", with_command(s, run, number, None)


def _made_before(s: Subject, run: Instruction, number: int, part: Part) -> bool:
    """Whether commands before `mkdir -p` make its directories already."""
    paths = {w for w in part.text.split()[1:] if not w.startswith("-")}
    earlier = [p for x, n, p in s.commands(s.final) if (s.at(x), n) < (s.at(run), number)]
    made = {w for p in earlier if p.text.startswith("mkdir") for w in p.text.split()[1:]}
    return "-p" in part.text.split() and paths <= made


def _used_again(s: Subject, run: Instruction, part: Part) -> bool:
    """Whether a command that follows needs the directory that `mkdir` makes."""
    paths = [w for w in part.text.split()[1:] if not w.startswith("-")]
    rest = s.final[s.final.index(run) :]
    after = " ".join(p.text for x in rest if x.keyword == "RUN" for p in s.parts(x) if p.text != part.text)
    return any(re.search(rf"(?:chown|chmod|>|cp|tar|touch)\b.*{re.escape(path)}", after) for path in paths)


@kind("mode-lost", "files have the mode or the owner that they came with")
def mode_lost(s: Subject) -> Iterator[Change]:
    executable = s.program.context.executables
    for run, number, part in s.commands(s.final):
        words = part.text.split()
        if words[:1] == ["chmod"] and "x" in words[1] and len(words) == 3:
            names = [f for f in s.files if f.endswith(posixpath.basename(words[2]))]
            if names and all(f in executable for f in names):
                continue
        if words[:1] in (["chmod"], ["chown"], ["chgrp"], ["setcap"]):
            yield f"without {part.text}", with_command(s, run, number, None)


@kind("mode-changed", "files have another mode or owner")
def modewith_command(s: Subject) -> Iterator[Change]:
    for run, number, part in s.commands(s.final):
        words = part.text.split()
        options = [w for w in words[1:] if w.startswith("-")]
        if words[:1] == ["chown"]:
            text = part.text.replace(next(w for w in words[1:] if w not in options), "4321:4321", 1)
            yield f"{text}", with_command(s, run, number, text)
        elif words[:1] == ["chmod"]:
            text = part.text.replace(next(w for w in words[1:] if w not in options), "000", 1)
            yield f"{text}", with_command(s, run, number, text)


@kind("user-not-made", "USER or chown names an account that nothing makes")
def user_not_made(s: Subject) -> Iterator[Change]:
    for run, number, part in s.commands(s.final):
        found = re.match(r"(?:useradd|adduser)\b", part.text)
        name = part.text.split()[-1]
        later = "\n".join(x.raw for x in s.final[s.final.index(run) :])
        if (
            found
            and not _adds_account(s, run)
            and re.search(rf"(?:USER|chown\S*(?: -R)?)[ =]{re.escape(name)}\b", later)
        ):
            yield f"without {part.text}", with_command(s, run, number, None)


@kind("user-renumbered", "the account has another number: files belong to somebody else")
def user_renumbered(s: Subject) -> Iterator[Change]:
    for run, number, part in s.commands(s.final):
        if re.match(r"(?:useradd|adduser|groupadd|addgroup)\b", part.text) and not _adds_account(s, run):
            text = re.sub(r"((?:-u|--uid|-g|--gid)[ =])\d+", r"\g<1>4321", part.text)
            if text != part.text:
                yield text, with_command(s, run, number, text)


@kind("needed-dev-dependencies-pruned", "the build or the start needs a development dependency")
def dev_dependencies_pruned(s: Subject) -> Iterator[Change]:
    scripts = s.package_json.get("scripts")
    used = _development_tools(s.package_json)
    if not isinstance(scripts, dict) or used is None:
        return
    builds = [
        x for st in s.builders for x in s.runs(st) if re.search(r"(?:npm|yarn|pnpm)(?: run)? build", x.value)
    ]
    starts = re.search(r"(?:npm|yarn|pnpm) (?:run )?(\S+)", " ".join(s.start).replace('"', ""))
    command = str(scripts.get(starts.group(1), "")) if starts else ""
    at_start = any(re.search(rf"\b{re.escape(tool)}\b", command) for tool in used)
    for stage in s.builders:
        for run, number, part in s.commands(stage):
            if not re.match(r"npm (?:ci|install)\b(?!.*(?:-g|--global|omit|prod))", part.text):
                continue
            if (builds and used) or at_start:
                yield "npm --omit=dev", with_command(s, run, number, part.text + " --omit=dev")
            if at_start:
                yield "npm prune after it", s.inserted(run, "RUN npm prune --omit=dev")


def _development_tools(manifest: dict[str, object]) -> list[str] | None:
    """The programs of development dependencies that scripts of a package.json start; None without either."""
    dev, scripts = manifest.get("devDependencies"), manifest.get("scripts")
    if not isinstance(dev, dict) or not isinstance(scripts, dict):
        return None
    text = " ".join(str(x) for x in scripts.values())
    programs = {"typescript": "tsc", "@vue/cli-service": "vue-cli-service"}
    tools = (programs.get(name, name) for name in dev)
    return [tool for tool in tools if re.search(rf"\b{re.escape(tool)}\b", text)]


@kind("prune-moved-up", "development dependencies are dropped before a command that uses one")
def prune_moved_up(s: Subject) -> Iterator[Change]:
    manifests = [json.loads(t) for f, t in s.contents.items() if posixpath.basename(f) == "package.json"]
    tools = {tool for manifest in manifests for tool in _development_tools(manifest) or ()}
    for stage in s.stages if tools else ():
        parts = [*s.commands(stage)]
        for run, number, part in parts:
            rest = [p.text for p in s.parts(run)]
            if not re.match(r"(?:npm|pnpm) prune\b", part.text) or any(t.startswith("cd ") for t in rest):
                continue  # in another directory it drops others
            del rest[number]
            line = f"RUN {' && '.join(rest)}" if rest else ""
            for other, _, using in parts:
                builds = re.match(r"(?:npm|pnpm|yarn) (?:run )?build\b", using.text)
                uses = builds or any(re.search(rf"\b{re.escape(tool)}\b", using.text) for tool in tools)
                if s.at(other) < s.at(run) and uses:
                    before = {s.at(other): f"RUN {part.text}"}
                    yield f"{part.text} before {using.text}", s.edit({s.at(run): line}, before=before)


@kind("needed-groups-left-out", "the build or the program needs a package of a development group")
def groups_left_out(s: Subject) -> Iterator[Change]:
    groups = tomllib.loads(s.contents.get("pyproject.toml", "")).get("dependency-groups", {})
    names = [re.split(r"\W", item)[0] for group in groups.values() for item in group if isinstance(item, str)]
    sources = "\n".join(text for path, text in s.contents.items() if re.search(r"^(?!test_).*\.py$", path))
    steps = [part.text for stage in s.builders for _, _, part in s.commands(stage)]
    if not any(re.search(rf"^import {n}\b", sources, re.M) or n in " ".join(steps).split() for n in names):
        return
    for stage in s.builders:
        for run, number, part in s.commands(stage):
            if part.text.startswith("uv sync") and "--no-dev" not in part.text:
                yield "uv sync --no-dev", with_command(s, run, number, f"{part.text} --no-dev")


@kind("needed-file-deleted", "something that was copied for run time is deleted at the end")
def needed_file_deleted(s: Subject) -> Iterator[Change]:
    user = next((s.at(x) for x in s.final if x.keyword == "USER"), len(s.file.instructions))
    for copy in s.from_builder():
        if essential(s, copy) and s.at(copy) < user:  # where a command of root can still delete it
            target = s.target(copy).rstrip("/")
            yield f"rm -rf {target}", as_root(s, f"RUN rm -rf {target}")
    for copy in s.from_context(s.final):
        for path, file in s.brings(copy).items():
            if file in s.needed_files and s.at(copy) < user:
                yield f"rm -f {path}", as_root(s, f"RUN rm -f {path}")
    for copy in s.final:
        if copy.keyword != "COPY" or not copy.heredocs or s.at(copy) > user:
            continue
        if not copy_parts(copy).dest.endswith("/"):
            yield f"rm {copy_parts(copy).dest}", as_root(s, f"RUN rm {copy_parts(copy).dest}")
