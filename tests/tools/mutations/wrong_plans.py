"""What a planner does that believes the wrong thing about a tool, a cache, or what a program reads."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from slimify.model.dockerfile import Instruction
from slimify.syntax.dockerfile.instructions import copy_parts

from .copies import essential
from .kinds import Change, kind
from .packages import compiles, package_words
from .subject import Stage, Subject, as_root, flags_of, with_command

_CLEANERS = {
    "npm cache clean --force": ("node", r"\bnpm\b|nodejs"),
    "pip cache purge": ("python", r"\bpip3?\b|py3-pip|python3-pip"),
    "conda clean --all --yes": ("conda", "conda"),
    "go clean -cache": ("go", r"golang-go|\bgo\b"),
    "poetry cache clear --all .": ("poetry", "poetry"),
}


@kind("cleaner-without-program", "a cleaner is called where its program is not")
def cleaner_without_program(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        base = s.base(stage)
        if base is None:
            continue
        text = " ".join(x.value for x in stage[1:])
        for cleaner, (language, names) in _CLEANERS.items():
            if base.language == language or language in base.reference or re.search(names, text):
                continue
            yield cleaner, s.appended(stage, f"RUN {cleaner}")
            for run in s.runs(stage)[:1]:
                parts = [(p.operator, p.text) for p in s.parts(run)]
                if parts and not run.heredocs:
                    yield f"&& {cleaner}", s.with_parts(run, [*parts, ("&&", cleaner)])
        for run, number, part in s.commands(stage):
            if re.match(r"pip3? uninstall\b.*\bpip\b", part.text):
                new = f"{part.text} && pip cache purge"
                yield "pip cache purge without pip", with_command(s, run, number, new)


@kind("compiled-again-without-compiler", "packages are built where there is no compiler")
def compiled_again(s: Subject) -> Iterator[Change]:
    keeps_compiler = any("gcc" in package_words(part) for _, _, part in s.commands(s.final))
    for stage in s.builders:
        tools = [w for _, _, p in s.commands(stage) for w in package_words(p)]
        if not any(re.fullmatch(r"gcc|g\+\+|build-\w+|\S+-dev", tool) for tool in tools):
            continue
        for run in s.runs(stage):
            if not re.search(r"pip3? install|npm (?:ci|install)", run.value) or "apt" in run.value:
                continue
            manifest = next((x for x in stage[: stage.index(run)][::-1] if x.keyword == "COPY"), None)
            made = [x for x in s.from_builder() if re.search(r"-packages|/bin\b|node_modules", x.value)]
            if manifest is not None and made and compiles(s) and not keeps_compiler:
                steps = f"{manifest.raw.rstrip()}\n{run.raw.rstrip()}"
                changes = {s.at(x): "" for x in made[1:]} | {s.at(made[0]): steps}
                yield run.value[:50], s.edit(changes)


_CACHES = {
    "playwright": ("/root/.cache/ms-playwright", "/root/.cache"),
    "puppeteer": ("/root/.cache/puppeteer", "/root/.cache"),
    "nltk.downloader": ("/root/nltk_data",),
    "HF_HOME=/models": ("/models",),
    "conda env create": ("/opt/conda/envs",),
    "corepack prepare": ("/opt/corepack",),
    "virtualenvs": ("/root/.cache/pypoetry", "/root/.config/pypoetry"),
}


@kind("needed-cache-deleted", "what looks like a cache is what the program uses")
def needed_cache_deleted(s: Subject) -> Iterator[Change]:
    final = "".join(x.raw for x in s.final)
    for name, paths in _CACHES.items():
        there = any(copy_parts(x).sources[0] in paths for x in s.from_builder()) or name in final
        if there and name != "virtualenvs":
            for path in paths:
                yield f"rm -rf {path}", as_root(s, f"RUN rm -rf {path}")


@kind("install-scripts-ignored", "packages are not built, or their downloads are missing")
def install_scripts_ignored(s: Subject) -> Iterator[Change]:
    scripts = s.package_json.get("scripts")
    hooks = isinstance(scripts, dict) and {"postinstall", "prepare", "install"} & set(scripts)
    if not (hooks or "binding.gyp" in s.files or re.search(r'"(?:puppeteer|sharp|bcrypt)"', s.manifests)):
        return
    if "PUPPETEER_SKIP" in s.text:
        return
    for stage in s.stages:
        for run, number, part in s.commands(stage):
            if re.match(r"npm (?:ci|install)\b(?!.*(?:-g|--global))", part.text):
                yield part.text, with_command(s, run, number, f"{part.text} --ignore-scripts")


@kind("check-dropped", "a test, a linter or a checksum no longer stops the build")
def check_dropped(s: Subject) -> Iterator[Change]:
    names = r"go (?:test|vet)|(?:python3? -m )?pytest|flake8|npm (?:run )?(?:test|lint)|echo.*\| *sha\d+sum"
    for stage in s.stages:
        for run, number, part in s.commands(stage):
            if re.match(names, part.text):
                yield part.text[:60], with_command(s, run, number, None)


@kind("output-in-cache-mount", "what a step makes is in a cache mount, not in the stage")
def output_in_cache_mount(s: Subject) -> Iterator[Change]:
    for copy in s.from_builder():
        if not essential(s, copy):
            continue
        stage = next((x for x in s.builders if f" {copy.flag('from')}" in x[0].raw.lower()), None)
        source = copy_parts(copy).sources[0].rstrip("/")
        if stage is None:
            continue
        place = source if posixpath.basename(source) in ("node_modules", "site-packages") else ""
        for run in s.runs(stage):
            target = place or _output(s, stage, run.value, source)
            if target and _fills(run.value, target) and not _fills_elsewhere(s, stage, run, target):
                line = f"RUN {flags_of(run)}--mount=type=cache,target={target} {run.value}"
                if not run.heredocs:
                    yield f"{target} is a cache", s.replaced(run, line)


def _fills_elsewhere(s: Subject, stage: Stage, run: Instruction, target: str) -> bool:
    """Whether it installs programs for every project, or for a project in another directory."""
    if re.search(r"\s(?:-g|--global)\b", run.value):
        return True
    moved = re.match(r"cd\s+(\S+)", run.value)
    place = posixpath.join(s.directory(stage, run), moved.group(1)) if moved else ""
    return bool(moved) and posixpath.basename(target) == "node_modules" and place != posixpath.dirname(target)


def _output(s: Subject, stage: Stage, command: str, source: str) -> str:
    return posixpath.dirname(source) if re.search(rf"-o\s+{re.escape(source)}\b", command) else ""


def _fills(command: str, target: str) -> bool:
    if target.endswith("node_modules"):
        return bool(re.search(r"npm (?:ci|install)|yarn|pnpm install|bun install", command))
    if target.endswith("site-packages"):
        return bool(re.search(r"(?<!uv )pip3? install", command))
    return "go build" in command


@kind("directory-made-again", "mkdir fails: a copy has brought the directory")
def directory_made_again(s: Subject) -> Iterator[Change]:
    for copy in s.final:
        if copy.keyword in ("COPY", "ADD") and not copy.heredocs:
            target = s.target(copy).rstrip("/")
            if target and (copy.flag("from") or any(p.startswith(f"{target}/") for p in s.brings(copy))):
                yield target, s.inserted(copy, f"RUN mkdir {target}")
    for run, number, part in s.commands(s.final):
        words = part.text.split()
        if words[:1] == ["mkdir"] and "-p" not in words and len(words) > 1 and "$" not in part.text:
            yield f"{part.text} twice", with_command(s, run, number, f"{part.text} && {part.text}")


_OF_THE_BASE = re.compile(
    r"/(?:bin|boot|dev|etc|home|lib|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)(?:/|\Z)"
)


@kind("owner-of-nothing", "chown or chmod fails: nothing of that name is there")
def owner_of_nothing(s: Subject) -> Iterator[Change]:
    below = s.parent(s.final)
    there = [p for x in s.from_context(below) for p in s.brings(x)] if below is not None else []
    for copy in s.from_context(s.final):
        for path in [p for p in s.brings(copy) if not _OF_THE_BASE.match(p)][:2]:
            pattern = f"{posixpath.dirname(path)}/*{posixpath.splitext(path)[1]}"
            for name in (path, pattern) if pattern != "//*" else (path,):
                if any(fnmatchcase(p, name) for p in there):
                    continue
                yield f"chmod {name}", s.inserted(s.final[0], f"RUN chmod a+r {name}")
            yield f"chown {path}.none", s.inserted(copy, f"RUN chown 0:0 {path}.none")
