"""Copies: what is left behind, comes from the wrong place, or goes to one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from slimify.model.dockerfile import Instruction
from slimify.syntax.dockerfile.instructions import copy_parts, from_parts

from .kinds import Change, kind
from .subject import Subject, copy_line, flags_of

# Programs that do not come with the packages of the application.
_COMMON = frozenset(
    """python python3 node npm npx yarn pnpm bun sh bash dumb-init tini nginx supervisord crond cron java
    sleep env exec start-stop-daemon gosu su-exec migrate""".split()
)
TLS = r"https://|crypto/tls|http\.(?:Get|Post|Client|DefaultClient|NewRequest)|sslmode|smtp"
_NAMES = re.compile(r"[\w-]+")


def essential(s: Subject, copy: Instruction) -> bool:
    """Whether what a COPY --from of the final stage brings is needed for certain and comes no other way."""
    target = s.target(copy).rstrip("/")
    for other in s.from_builder():
        if other is not copy and (target + "/").startswith(s.target(other).rstrip("/") + "/"):
            return False
    source = copy_parts(copy).sources[0]
    if source.startswith("/etc/ssl"):
        return s.sources_mention(TLS)
    if source.endswith("/bin") and any("-packages" in x.value for x in s.from_builder()):
        return _starts_installed_script(s)
    if posixpath.basename(source) == "node_modules":
        return bool(s.package_json.get("dependencies"))
    return posixpath.basename(source) not in ("docs", ".yarn", "LICENSE-NOTES")


def _starts_installed_script(s: Subject) -> bool:
    names = {posixpath.basename(word) for word in s.start}
    files = {posixpath.basename(f) for f in s.files}
    runs = [part.text.split() for _, _, part in s.commands(s.final)]
    first = next(iter(s.start), "")
    own = "/" not in first and first not in _COMMON and first not in files and not first.startswith("-")
    servers = {"gunicorn", "uvicorn", "flask", "celery", "waitress-serve", "uwsgi", "playwright"}
    return bool(own or names & servers or any(words and words[0] in servers for words in runs))


def _builder_names(s: Subject) -> set[str]:
    return {from_parts(stage[0]).alias or str(n) for n, stage in enumerate(s.builders)}


@kind("copy-from-dropped", "an artifact of the builder is missing")
def copy_from_dropped(s: Subject) -> Iterator[Change]:
    for copy in s.from_builder():
        if essential(s, copy):
            yield f"without {copy.value}", s.without(copy)


@kind("copy-from-narrowed", "a part of an artifact is missing")
def copy_from_narrowed(s: Subject) -> Iterator[Change]:
    for copy in s.from_builder():
        parts = copy_parts(copy)
        if len(parts.sources) != 1 or not essential(s, copy) or not _is_directory(s, parts.sources[0]):
            continue
        source, dest = parts.sources[0].rstrip("/"), s.target(copy).rstrip("/")
        for name in _parts_of(s, source):
            new = copy_line(copy, sources=[f"{source}/{name}"], dest=f"{dest}/{name}")
            yield f"only {name} of {source}", s.replaced(copy, new)


def _parts_of(s: Subject, path: str) -> list[str]:
    """Parts of a directory, none of which is enough."""
    last = posixpath.basename(path)
    if last == "node_modules":
        wanted = s.package_json.get("dependencies")
        names = sorted(wanted) if isinstance(wanted, dict) else []
        return [".bin", *(names[:1] if len(names) > 1 else [])]
    if "-packages" in last:
        names = re.findall(r"^[A-Za-z][\w.-]+", s.manifests, re.M)
        return ["bin", *(n.lower().replace("-", "_") for n in names[:1] if len(names) > 1)]
    if last in ("venv", ".venv", "env", ".local"):
        return ["bin", "lib"]
    if last == "bin":
        return ["pip"]
    return ["node_modules", "package.json", "dist"] if s.program.language == "node" else ["lib"]


def _is_directory(s: Subject, path: str) -> bool:
    last = posixpath.basename(path.rstrip("/"))
    if "-packages" in path or last in (
        "node_modules",
        "bin",
        "venv",
        ".venv",
        "env",
        ".local",
        "dist",
        "static",
    ):
        return True
    return any(
        x.keyword == "WORKDIR" and posixpath.normpath(s.expanded(x, x.value)) == path
        for stage in s.builders
        for x in stage
    )


@kind("copy-from-moved", "an artifact is not where its users look for it")
def copy_from_moved(s: Subject) -> Iterator[Change]:
    for copy in s.from_builder():
        if not essential(s, copy):
            continue
        target = s.target(copy).rstrip("/")
        for new in (
            target + "-new",
            "/opt/moved" + target,
            posixpath.join(posixpath.dirname(target), "out/x"),
        ):
            yield f"{target} at {new}", s.replaced(copy, copy_line(copy, dest=new))


@kind("copy-from-nowhere", "the builder makes no such path: COPY fails")
def copy_from_nowhere(s: Subject) -> Iterator[Change]:
    names = _builder_names(s)
    for copy in s.from_builder():
        if copy.flag("from") not in names:
            continue
        source = copy_parts(copy).sources[0].rstrip("/")
        parent, name = posixpath.split(source)
        folder = posixpath.basename(posixpath.dirname(source))
        guessed = {"app", "main", "server", folder} if parent.endswith("/bin") and name != "bin" else set()
        for wrong in (
            *(f"{parent}/{guess}" for guess in sorted(guessed) if guess and not _makes(s, guess)),
            f"{source}-main",
            f"{parent.rstrip('/')}/dist-{name}",
            f"/nowhere/{name}",
            f"/srv/build/out/{name}",
            f"{source}/no/such/part",
        ):
            yield f"{wrong} for {source}", s.replaced(copy, copy_line(copy, sources=[wrong]))


def _makes(s: Subject, name: str) -> bool:
    return bool(re.search(rf"[/ ]{re.escape(name)}(?:\s|$)", "".join(x.raw for x in s.builders[-1])))


_GUESSES = {
    "/root/.cache/puppeteer": "puppeteer",
    "/root/.cache/ms-playwright": "playwright",
    "/root/.local/share/pipx": "pipx",
    "/root/.local/pipx": "pipx",
    "/root/.config/pypoetry": "poetry",
    "/root/nltk_data": "nltk",
    "/root/.cache/huggingface": "huggingface|transformers|sentence",
    "/root/.cache/Cypress": "cypress",
    "/go/bin/app": "go install|go get",
    "/root/.local": "--user|pipx|poetry|uv ",
}


@kind("copy-of-a-guess", "a place where a tool might put something, and did not: COPY fails")
def copy_of_a_guess(s: Subject) -> Iterator[Change]:
    if not s.several:
        return
    text = (s.text + s.manifests).lower()
    alias = sorted(_builder_names(s))[0]
    for path, tool in _GUESSES.items():
        if not re.search(tool, text):
            line = f"COPY --from={alias} {path} {path}"
            yield f"with {path}", s.inserted(_last_copy(s) or s.final[0], line)


def _last_copy(s: Subject) -> Instruction | None:
    copies = [x for x in s.final if x.keyword == "COPY"]
    return copies[-1] if copies else None


@kind("copy-from-relative", "a relative source is looked up from /, not from the WORKDIR of the builder")
def copy_from_relative(s: Subject) -> Iterator[Change]:
    names = _builder_names(s)
    for copy in s.from_builder():
        source = copy_parts(copy).sources[0]
        if copy.flag("from") in names and source.count("/") > 1:
            name = posixpath.basename(source)
            for relative in (name, f"./{name}"):
                yield f"{relative} for {source}", s.replaced(copy, copy_line(copy, sources=[relative]))


@kind("copy-from-other-stage", "a stage or image that has no such path, or comes later")
def copy_from_other_stage(s: Subject) -> Iterator[Change]:
    names = _builder_names(s)
    own = from_parts(s.final[0]).alias
    for copy in s.from_builder():
        if copy.flag("from") not in names:
            continue
        others = {"release-assets", str(len(s.stages) - 1), str(len(s.stages)), "9"}
        others |= {own} if own else set()
        base = s.base(s.final)
        others |= {base.reference} if base is not None and base.reference != "scratch" else set()
        for other in sorted(others - names):
            flags = f"--from={other} {flags_of(copy, without='from')}"
            if base is not None and other == base.reference and not _only_builder_has(s, copy):
                continue
            yield f"from {other}", s.replaced(copy, copy_line(copy, flags=flags))


def _only_builder_has(s: Subject, copy: Instruction) -> bool:
    """Whether a base image has no such path."""
    source = copy_parts(copy).sources[0]
    return essential(s, copy) and not source.startswith(("/usr/", "/etc/", "/var/", "/root", "/bin", "/lib"))


@kind(
    "copy-from-wildcard", "a wildcard flattens directories, follows links, and passes where nothing matches"
)
def copy_from_wildcard(s: Subject) -> Iterator[Change]:
    for copy in s.from_builder():
        source = copy_parts(copy).sources[0].rstrip("/")
        if essential(s, copy) and _is_directory(s, source) and not source.endswith("/bin"):
            new = copy_line(copy, sources=[source + "/*"], dest=s.target(copy).rstrip("/") + "/")
            yield f"{source}/*", s.replaced(copy, new)


@kind("link-copied-by-name", "COPY follows a link that is named: a second file, or nothing to link to")
def link_by_name(s: Subject) -> Iterator[Change]:
    for stage in s.builders:
        for run, _, part in s.commands(stage):
            words = part.text.split()
            if words[:1] != ["ln"] or len(words) < 4:
                continue
            link = words[-1].strip("\"'")
            link = posixpath.normpath(posixpath.join(s.directory(stage, run), s.expanded(run, link)))
            for copy in s.from_builder():
                source = copy_parts(copy).sources[0].rstrip("/")
                if link.startswith(source + "/"):
                    dest = s.target(copy).rstrip("/") + link[len(source) :]
                    new = copy_line(copy, sources=[link], dest=dest)
                    yield f"{link} by name", s.replaced(copy, new)


@kind("copy-under-sources", "a COPY may bring what the builder makes from another checkout, over it")
def copy_under_sources(s: Subject) -> Iterator[Change]:
    for copy in s.from_builder():
        target = s.target(copy).rstrip("/")
        made = [number for number, x in enumerate(s.original.instructions) if _installs_to(target, x)]
        for other in s.from_context(s.final):
            own = [number for number, x in enumerate(s.original.instructions) if x.raw == other.raw]
            path = posixpath.relpath(target, s.target(other).rstrip("/") or "/")
            whole = copy_parts(other).sources == (".",) and not path.startswith("..")
            ignored = s.program.context.ignore.ignores(path)
            if whole and not ignored and s.at(other) < s.at(copy) and made and own and own[-1] < made[-1]:
                yield f"{target} before {other.value}", s.moved(copy, other)


def _installs_to(target: str, x: Instruction) -> bool:
    """Whether an instruction makes the packages of a project anew."""
    commands = {
        ".venv": r"uv sync|poetry install|pdm install",
        "node_modules": r"npm (?:ci|install)|yarn install",
    }
    pattern = commands.get(posixpath.basename(target))
    return x.keyword == "RUN" and pattern is not None and re.search(pattern, x.value) is not None


@kind("context-copy-dropped", "files that run time reads are missing")
def context_copy_dropped(s: Subject) -> Iterator[Change]:
    for copy in s.from_context(s.final):
        if _needed(s, copy, s.brings(copy)):
            yield f"without {copy.value}", s.without(copy)


def _needed(s: Subject, copy: Instruction, brings: dict[str, str]) -> list[str]:
    """The paths of these that run time needs and that nothing else brings."""
    return [p for p, f in brings.items() if f in s.needed_files and not s.brought_otherwise(copy, p)]


@kind("context-copy-narrowed", "some of the files that run time reads are missing")
def context_copy_narrowed(s: Subject) -> Iterator[Change]:
    for copy in s.from_context(s.final):
        parts = copy_parts(copy)
        everything = s.brings(copy)
        needed = _needed(s, copy, everything)
        if len(parts.sources) > 1:
            for source in parts.sources:
                rest = [x for x in parts.sources if x != source]
                if set(needed) - set(s.brings(copy, rest)):
                    dest = s.target(copy).rstrip("/") + "/"
                    yield f"without {source}", s.replaced(copy, copy_line(copy, sources=rest, dest=dest))
            continue
        for path in needed[:3]:
            name = posixpath.basename(everything[path])
            new = copy_line(copy, flags=f"{flags_of(copy)}--exclude=**/{name} ")
            yield f"all but {name}", s.replaced(copy, new)
        for path, file in list(everything.items())[:6]:
            if set(needed) - {path} and len(everything) > 1:
                new = copy_line(copy, sources=[file], dest=path)
                yield f"only {file}", s.replaced(copy, new)


@kind("context-copy-moved", "files of the context are not where run time looks for them")
def context_copy_moved(s: Subject) -> Iterator[Change]:
    for copy in s.from_context(s.final):
        if _needed(s, copy, s.brings(copy)):
            target = s.target(copy).rstrip("/") or "/"
            for new in ("/opt/elsewhere/", f"{target}-1/", f"{target}/inner/"):
                yield f"to {new}", s.replaced(copy, copy_line(copy, dest=new))


@kind("copy-of-no-file", "the context has no such file: COPY fails")
def copy_of_no_file(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for copy in s.from_context(stage):
            sources = copy_parts(copy).sources
            for wrong in ("config.local.yaml", "dist/index.html", "build/release/app.conf"):
                if wrong in s.files:
                    continue
                dest = s.target(copy).rstrip("/") + "/"
                new = copy_line(copy, sources=[*sources, wrong], dest=dest)
                if len(sources) == 1 and (sources[0].rstrip("/") in (".", "") or _folder(s, sources[0])):
                    new = f"{copy.raw.rstrip()}\nCOPY {wrong} {dest}"
                yield f"with {wrong}", s.replaced(copy, new)


def _folder(s: Subject, source: str) -> bool:
    name = posixpath.normpath(source).lstrip("/")
    return any(f.startswith(name + "/") for f in s.files)


@kind("copy-of-ignored-file", "the file is ignored, or not in a clean checkout: COPY fails")
def copy_of_ignored_file(s: Subject) -> Iterator[Change]:
    for name in (*s.program.context.ignored, *s.git_ignored):
        if name.strip("/") not in (".git", ".dockerignore"):
            yield (
                f"with {name}",
                s.inserted(_last_copy(s) or s.final[0], f"COPY {name} /opt/{name.strip('/')}"),
            )


@kind("copy-flattened", "COPY copies what a directory contains, not the directory")
def copy_flattened(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for copy in s.from_context(stage):
            parts = copy_parts(copy)
            if len(parts.sources) == 1 and _folder(s, parts.sources[0]) and stage is s.final:
                needed = _needed(s, copy, s.brings(copy))
                target = s.target(copy).rstrip("/")
                if needed and posixpath.basename(target) == posixpath.basename(parts.sources[0].rstrip("/")):
                    up = posixpath.dirname(target).rstrip("/") + "/"
                    yield f"{parts.sources[0]} into {up}", s.replaced(copy, copy_line(copy, dest=up))


@kind("copy-owner", "files have another owner or mode")
def copy_owner(s: Subject) -> Iterator[Change]:
    for copy in s.final:
        if copy.keyword not in ("COPY", "ADD") or _brought_again(s, copy):
            continue
        for flag, other in (("chown", "4321:4321"), ("chmod", "600")):
            if copy.flag(flag) and (flag == "chmod" or _has_other_accounts(s)):
                rest = copy.raw.split(copy.value.split()[0], 1)[-1]
                text = f"{copy.keyword} {flags_of(copy, without=flag)}{copy.value.split()[0]}{rest}"
                if copy.flag(flag) not in ("root", "root:root", "0:0"):
                    yield f"without --{flag}", s.replaced(copy, text)
                yield (
                    f"--{flag}={other}",
                    s.replaced(copy, text.replace(" ", f" --{flag}={other} ", 1)),
                )


def _has_other_accounts(s: Subject) -> bool:
    """Whether another account than root may run something: root reads and writes whatever the owner is."""
    text = "\n".join(instruction.raw for stage in s.stages for instruction in stage)
    return (
        re.search(r"^USER|\b(?:gosu|su-exec|setpriv|runuser|sudo|su|nginx|user\w*)\b", text, re.MULTILINE)
        is not None
    )


def _brought_again(s: Subject, copy: Instruction) -> bool:
    """Whether later copies from the context bring the same files, with their own owner and mode."""
    later = [x for x in s.from_context(s.final) if s.at(x) > s.at(copy)]
    paths = set() if copy.flag("from") or copy.heredocs else {*s.brings(copy)}
    return bool(paths) and paths <= {p for x in later for p in s.brings(x)}


@kind("archive-not-unpacked", "ADD unpacks an archive of the context, COPY does not")
def archive_not_unpacked(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for add in s.from_context(stage):
            if add.keyword == "ADD" and re.search(r"\.(?:tar|tgz|txz|tbz)\b", add.value):
                yield f"COPY {add.value}", s.replaced(add, re.sub("^ADD", "COPY", add.raw, flags=re.I))
