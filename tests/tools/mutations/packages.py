"""System packages: missing, replaced, removed, or not installable."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slimify.facts.image_tables import image_packages
from slimify.facts.packages import system_package

from .copies import TLS
from .kinds import Change, kind
from .subject import Part, Stage, Subject, as_root, with_command

_INSTALL = re.compile(r"(?:apt-get|apt|apk|yum|dnf)\b(?:\s+-\S+)*\s+(?:install|add)\b")
_UPDATE = re.compile(r"(?:apt-get|apt)\s+(?:-\S+\s+)*update\b")
_BUILD_TOOL = re.compile(
    r"gcc|g\+\+|make|build-base|build-essential|git|\w\S*-dev(?:el)?|golang\S*|go|cargo|python3(?:\.\d+)?-venv|npm|nodejs|openssl|python3-pip|py3-pip|pkg-config|pkgconf"
)
# Packages that came with others or that a file may name for nothing, and what shows that they are needed.
_UNSEEN = {
    "python3-setuptools": "pkg_resources|setuptools",
    "py3-setuptools": "pkg_resources|setuptools",
    "ca-certificates": TLS,
    "git": r"\bgit\b",
    "make": r"make|uwsgi|uvloop|gyp|native|better-sqlite|bcrypt|sharp",
    "pkgconf": r"pkg-?conf|mysqlclient|xmlsec|cairo|systemd",
    "libvips-dev": r"vips",
}


# Packages, and others that require them.
_BROUGHT_BY = {
    "python3": r"python3-|py3-|supervisor|gunicorn",
    "libstdc++": r"libzmq|nodejs|g\+\+",
    "libxml2": r"libxslt",
    "libpq5": r"libpq-dev",
    "openssl": r"ca-certificates",
    "libsasl2-2": r"libldap",
    "libcairo2": r"libcairo-gobject2",
    "nodejs": r"npm",
}


def package_words(part: Part) -> list[str]:
    """The packages that a command installs, as written."""
    found = _INSTALL.search(part.text)
    if found is None:
        return []
    words, skip = [], False
    for word in part.text[found.end() :].replace("\\\n", " ").split():
        if skip or word.startswith("-") or word in ("\\",):
            skip = word in ("--virtual", "-t", "--repository", "-X")
            continue
        words.append(word)
    return words


def _without_word(text: str, word: str) -> str:
    return re.sub(rf"(?<=\s){re.escape(word)}(?=\s|$)\s*", "", text, count=1)


def _removed_later(s: Subject, stage: Stage, name: str, group: str) -> bool:
    """Whether the stage removes the package again."""
    for _, _, part in s.commands(stage):
        words = part.text.split()
        if {"del", "purge", "remove", "autoremove"} & set(words) and {name, group} & set(words):
            return True
    return False


def _base_brings(s: Subject, stage: Stage, name: str) -> bool:
    base = s.base(stage)
    # a program that an image brings without its package manager's knowledge needs these
    have = s.packages_of(stage) | (image_packages(base.repository) if base is not None else frozenset())
    return name.partition("=")[0] in have or (name == "build-essential" and "gcc" in have)


def _only_builders_call(s: Subject, name: str) -> bool:
    """Whether a builder starts a program of a package, and no step of the image and no file names one: its
    callers are known, and none is in the image."""
    base = s.base(s.final)
    facts = system_package(name, base) if base is not None else None
    programs = {*(facts.commands if facts is not None else ())}
    started = {p.text.split()[0] for stage in s.builders for _, _, p in s.commands(stage)}
    words = {w for _, _, p in s.commands(s.final) for w in re.findall(r"[\w.+-]+", p.text)} | {*s.start}
    texts = (text for file, text in s.contents.items() if not file.endswith("Dockerfile"))
    words |= {w for text in texts for w in re.findall(r"[\w.+-]+", text)}
    return bool(programs & started) and not programs & words


def _comes_along(s: Subject, name: str, others: list[str]) -> bool:
    """Whether the base image or another package brings it, or the command names it once more."""
    if others.count(name) > 1 or _base_brings(s, s.final, name) or _only_builders_call(s, name):
        return True
    if name in _UNSEEN and not s.sources_mention(_UNSEEN[name]):
        return True
    brings = _BROUGHT_BY.get(name)
    return brings is not None and any(re.match(brings, other) for other in others if other != name)


@kind("package-dropped", "a package that was asked for, or that the program needs, is missing")
def package_dropped(s: Subject) -> Iterator[Change]:
    for run, number, part in s.commands(s.final):
        words = package_words(part)
        group = re.search(r"--virtual[ =](\S+)", part.text)
        for word in words:
            if _removed_later(s, s.final, word, group.group(1) if group else ""):
                continue
            if not _comes_along(s, word, words):
                rest = len(words) > 1
                new = with_command(s, run, number, _without_word(part.text, word) if rest else None)
                yield f"without {word}", new


@kind("package-swapped", "another package is installed in its place")
def package_swapped(s: Subject) -> Iterator[Change]:
    for run, number, part in s.commands(s.final):
        words = package_words(part)
        for word in words:
            if _removed_later(s, s.final, word, "") or _comes_along(s, word, words):
                continue
            if "--virtual" not in part.text:
                text = re.sub(rf"(?<=\s){re.escape(word)}(?=\s|$)", "sl", part.text, count=1)
                yield f"sl for {word}", with_command(s, run, number, text)


@kind("install-dropped", "the packages that the image needs are not installed")
def install_dropped(s: Subject) -> Iterator[Change]:
    for run in s.runs(s.final):
        words = [w for part in s.parts(run) for w in package_words(part)]
        needed = [w for w in words if not (_comes_along(s, w, words) or _removed_later(s, s.final, w, ""))]
        if needed and "--virtual" not in run.value:
            yield f"without {run.value[:60]}", s.without(run)


@kind("package-removed", "a package that the image needs is removed at the end")
def package_removed(s: Subject) -> Iterator[Change]:
    base = s.base(s.final)
    if base is None or base.manager not in ("apt", "apk"):
        return
    remove = "apk del" if base.manager == "apk" else "apt-get purge -y"
    for _, _, part in s.commands(s.final):
        words = package_words(part)
        for word in words:
            if (
                _removed_later(s, s.final, word, "")
                or "--virtual" in part.text
                or (_comes_along(s, word, words) and not _base_brings(s, s.final, word))
            ):
                continue
            if not _outlives_build(s, word):
                continue
            yield f"{remove} {word}", as_root(s, f"RUN {remove} {word}")


def _outlives_build(s: Subject, word: str) -> bool:
    """Whether somebody may call a package after the build: run time names it, or the user's file installs it
    and not to build. Others are there only for a step of the final stage."""
    texts = (text for name, text in s.contents.items() if not name.endswith("Dockerfile"))
    named = any(re.search(rf"\b{re.escape(word)}\b", text) for text in texts)
    built = _BUILD_TOOL.fullmatch(word) is not None
    if named or word in s.start or (word.startswith("lib") and not built):
        return True
    installs = re.compile(rf"\b(?:install|add)\b[^&;]*(?<![\w-]){re.escape(word)}(?![\w-])", re.S)
    asked = any(installs.search(x.raw) for x in s.original.instructions)
    return asked and not built


# What is built from source, and needs a compiler and headers.
_COMPILER = re.compile(r"(?<!\S)(?:gcc|g\+\+|build-\w+|\.\w\S*|\S+-dev)(?!\S)")  # or a group of apk
_FROM_SOURCE = (
    r"--no-binary|mysqlclient|python-ldap|uwsgi|psycopg2(?!-binary)|cffi|binding\.gyp|node-gyp|zeromq|go-sqlite3"
    r"|\"(?:bcrypt|sharp)\"|import \"C\""
)


def compiles(s: Subject) -> bool:
    """Whether the build compiles against headers for certain."""
    return bool(re.search(_FROM_SOURCE, s.text + s.manifests)) or s.sources_mention(_FROM_SOURCE)


@kind("removed-with-the-others", "a command that removes build packages takes a needed one along")
def removed_with_the_others(s: Subject) -> Iterator[Change]:
    needed = [w for _, _, p in s.commands(s.final) for w in package_words(p) if "--virtual" not in p.text]
    for run, number, part in s.commands(s.final):
        if not re.match(r"apk del|apt-get (?:-\S+ )*(?:purge|remove)", part.text):
            continue
        for word in needed:
            if word not in part.text and not _BUILD_TOOL.fullmatch(word) and word not in _UNSEEN:
                yield f"{word} goes, too", with_command(s, run, number, f"{part.text} {word}")


@kind("removed-too-early", "build packages are removed before the step that needs them")
def removed_too_early(s: Subject) -> Iterator[Change]:
    for run in s.runs(s.final):
        parts = [(p.operator, p.text) for p in s.parts(run)]
        removes = [n for n, (_, x) in enumerate(parts) if re.match(r"apk del|apt-get (?:-\S+ )*purge", x)]
        installs = [n for n, p in enumerate(s.parts(run)) if package_words(p)]
        between = removes and installs and removes[0] > installs[-1] + 1
        if between and not run.heredocs and compiles(s) and _COMPILER.search(parts[removes[0]][1]):
            step = parts.pop(removes[0])
            parts.insert(installs[-1] + 1, step)
            yield step[1], s.with_parts(run, parts)


@kind("builder-package-dropped", "a step of the builder lacks a compiler, a header or a tool")
def builder_package_dropped(s: Subject) -> Iterator[Change]:
    for stage in s.builders:
        for run, number, part in s.commands(stage):
            words = package_words(part)
            for word in words:
                if not _BUILD_TOOL.fullmatch(word) or _base_brings(s, stage, word) or _bundled(word, words):
                    continue
                if word == "git" and "git " not in s.text.replace("git \\", "").replace(" git make", ""):
                    continue
                new = with_command(s, run, number, _without_word(part.text, word) if len(words) > 1 else None)
                yield f"without {word}", new


def _bundled(word: str, others: list[str]) -> bool:
    """Whether another package brings it."""
    bundles = {"build-base", "build-essential"} & set(others)
    if word in ("gcc", "g++", "make", "musl-dev", "libc6-dev", "libc-dev"):
        return bool(bundles - {word}) or (word != "make" and "g++" in others and word != "g++")
    return word in ("musl-dev", "libc6-dev") and "gcc" in others


@kind("install-asks", "apt-get asks, and stops the build")
def install_asks(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for run, number, part in s.commands(stage):
            text = re.sub(r"\s(?:-y|--yes|-qq?y|--assume-yes|-yq+)(?=\s)", "", part.text)
            text = text.replace(" -y", "")
            new = set(package_words(part)) - s.packages_of(stage)
            if re.match(r"(?:\w+=\S+ )*apt", part.text) and new and text != part.text:
                yield text[:60], with_command(s, run, number, text)


@kind("no-package-lists", "apt-get knows no packages: nothing fetched their lists")
def no_package_lists(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        updates = [(run, n) for run, n, part in s.commands(stage) if _UPDATE.match(part.text)]
        if any(package_words(part) for _, _, part in s.commands(stage)):
            for run, number in updates[:1]:
                yield f"without update in {run.value[:50]}", with_command(s, run, number, None)
