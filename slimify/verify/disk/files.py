"""Files, links, owners and modes: what of the original is in the rewritten image, and how."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterable, Iterator

from slimify.image.model import Entry
from slimify.model import Use
from slimify.verify.disk.evidence import Evidence, Side
from slimify.verify.disk.started import roots, started
from slimify.verify.model import Check, Constraint, Finding

MISSING, LINK, OWNER, CONTENT, VOLUME = "SL526", "SL527", "SL528", "SL529", "SL530"

_SHOWN = 20
# What tools leave behind while they run; their owner and mode concern nobody.
_PASSING = (
    "/tmp", "/var/tmp", "/var/cache", "/var/log", "/run", "/proc", "/sys", "/dev", "/var/lib/apt",
    "/var/lib/dpkg", "/lib/apk", "/usr/lib/apk", "/etc/ld.so.cache", "/root/.cache", "/root/.npm",
)  # fmt: skip


def _passing(path: str) -> bool:
    return any(path == place or path.startswith(place + "/") for place in _PASSING) or "__pycache__" in path


def needed(evidence: Evidence) -> Check:
    """The files and directories that something live names are there, directories with what was in them."""
    findings = []
    count = 0
    for path, use in sorted(_named(evidence), key=lambda one: (one[0], one[1].file, one[1].line)):
        for place in _matching(evidence.before, path):
            old = evidence.before.entry(place)
            if old is None or _passing(place):
                continue
            count += 1
            where = f"{use.file}:{use.line}" if use.line else use.file
            new = evidence.after.entry(place)
            if new is None:
                findings.append(_missing(place, f"{where} reads {place}, which is not there"))
            elif old.kind == "directory" and _empty(evidence.after, new) and not _empty(evidence.before, old):
                findings.append(_missing(place, f"{where} reads {place}, which is empty now"))
    detail = f"{count} paths that something names are there" if count else "nothing names any"
    return _check("files", detail, findings)


def _named(evidence: Evidence) -> set[tuple[str, Use]]:
    """The paths that live steps and sources name; relative ones as the program finds them, from WORKDIR."""
    if evidence.live is None:
        return set()
    found = {(path, use) for path, use in evidence.live.paths.items()}
    workdir = evidence.before.workdir
    for use in evidence.live.sources.paths:
        found.add((posixpath.normpath(posixpath.join(workdir, use.name)), use))
    return {(path, use) for path, use in found if path not in ("/", workdir)}


def _matching(side: Side, path: str) -> Iterator[str]:
    """The paths that a name with wildcards stands for; the name itself without any."""
    if not any(sign in path for sign in "*?["):
        yield path
        return
    folder = posixpath.dirname(path)
    if any(sign in folder for sign in "*?["):
        folder = folder[: min(folder.find(sign) % (len(folder) + 1) for sign in "*?[")].rpartition("/")[0]
        if side.entry(folder or "/") is not None and folder:
            yield folder
        return
    real = side.files.place(folder)
    for child in sorted(side.files.children(real)) if real else ():
        if fnmatch.fnmatch(child, posixpath.basename(path)):
            yield posixpath.join(folder, child)


def _empty(side: Side, entry: Entry) -> bool:
    return not side.files.children(entry.path)


def _missing(path: str, text: str) -> Finding:
    return Finding(code=MISSING, text=text, path=path, constraints=(_path(path, text),))


def _path(path: str, text: str) -> Constraint:
    return Constraint(need="path", value=path, because=text)


def volumes(evidence: Evidence) -> Check:
    """What lay in a VOLUME's directory is what a new volume starts with."""
    config = evidence.before.image.config.get("Volumes")
    findings = []
    places = sorted(config) if isinstance(config, dict) else []
    for place in places:
        old, new = evidence.before.entry(place), evidence.after.entry(place)
        if old is None:
            continue
        lost = _below(evidence.before, old) - (_below(evidence.after, new) if new else set())
        if lost:
            text = f"the volume {place} starts without {_some(sorted(lost))}"
            findings.append(Finding(code=VOLUME, text=text, path=place, constraints=(_path(place, text),)))
        elif new is None:
            text = f"the directory of the volume {place} is not there"
            findings.append(Finding(code=VOLUME, text=text, path=place, constraints=(_path(place, text),)))
    return _check("volumes", f"{', '.join(places)}: as before" if places else "none", findings)


def _below(side: Side, top: Entry) -> set[str]:
    """The files below a directory, relative to it."""
    found = set()
    queue = [top.path]
    while queue:
        at = queue.pop()
        for child in side.files.children(at):
            path = posixpath.join(at, child)
            entry = side.files.get(path)
            if entry is not None and entry.kind == "directory":
                queue.append(path)
            else:
                found.add(path[len(top.path) :].lstrip("/"))
    return found


def _some(items: list[str]) -> str:
    more = f" and {len(items) - 3} more" if len(items) > 3 else ""
    return ", ".join(items[:3]) + more


def links(evidence: Evidence) -> Check:
    """No link leads nowhere that led somewhere before."""
    findings = []
    count = 0
    for entry in evidence.after.added():
        if entry.kind != "symlink":
            continue
        count += 1
        if evidence.after.entry(entry.path) is not None:
            continue
        old = evidence.before.entry(entry.path)
        if old is not None:
            text = f"the link {entry.path} leads to {entry.target}, which is not there"
            findings.append(
                Finding(code=LINK, text=text, path=entry.path, constraints=(_path(old.path, text),))
            )
    return _check("links", f"{count} lead somewhere" if count else "none", findings)


def owners(evidence: Evidence) -> Check:
    """Owner, mode, set-uid bits and capabilities of what both images have.

    COPY makes the directories it needs with mode 0755 (BuildKit; a directory that is itself copied
    too), so those that the base image or the machine that checked the sources out opened to others
    lose that: a difference for whoever is not root.
    """
    differing = []
    count = 0
    for new in evidence.after.added():
        old = evidence.before.files.get(new.path)
        if old is None or _passing(new.path) or old.kind != new.kind or new.kind == "symlink":
            continue
        count += 1
        if (old.uid, old.gid, old.mode, old.capabilities) != (new.uid, new.gid, new.mode, new.capabilities):
            differing.append((old, new))
    root = _only_root(evidence.before)
    closed = [pair for pair in differing if root and _closed(*pair)]
    findings = [
        Finding(code=OWNER, text=text, path=path)
        for path, text in _grouped([pair for pair in differing if pair not in closed])
    ]
    findings += [
        Finding(code=OWNER, text=f"{text} (root, who runs it, writes there anyway)", path=path, accepted=True)
        for path, text in _grouped(closed)
    ]
    return _check("owners and modes", f"{count} files and directories as before", findings)


def _closed(old: Entry, new: Entry) -> bool:
    """A directory that only others than its owner can no longer write to."""
    same = (old.uid, old.gid, old.capabilities) == (new.uid, new.gid, new.capabilities)
    return same and old.kind == "directory" and old.mode & ~0o1022 == new.mode


_STEPS_DOWN = frozenset(
    """gosu su-exec setpriv runuser su sudo chroot s6-setuidgid start-stop-daemon supervisord nginx apache2
    httpd php-fpm uwsgi""".split()
)


def _only_root(side: Side) -> bool:
    """Nothing says that another user than root runs: no USER, no program that steps down from root, and
    no files of somebody else's."""
    if str(side.image.config.get("User") or "").partition(":")[0] not in ("", "0", "root"):
        return False
    names = (item.name for words in roots(side) for item in started(side, words))
    if any(posixpath.basename(name) in _STEPS_DOWN for name in names):
        return False
    return not any(entry.uid for entry in side.added() if not _passing(entry.path))


def _grouped(differing: list[tuple[Entry, Entry]]) -> Iterator[tuple[str, str]]:
    """One sentence for each way in which they differ, with the first path and how many there are."""
    groups: dict[tuple[str, str], list[str]] = {}
    for old, new in differing:
        groups.setdefault((_owned(old), _owned(new)), []).append(new.path)
    for (before, after), paths in list(groups.items())[:_SHOWN]:
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        yield paths[0], f"{paths[0]}{more}: {before} became {after}"


def _owned(entry: Entry) -> str:
    capabilities = f" with capabilities {entry.capabilities}" if entry.capabilities else ""
    return f"{entry.uid}:{entry.gid} {entry.mode:04o}{capabilities}"


def contents(evidence: Evidence, paths: Iterable[str]) -> Check:
    """The files that the user's probe names are equal in content, owner and mode, wherever they came from."""
    findings = []
    names = tuple(paths)
    for path in names:
        old, new = evidence.before.entry(path), evidence.after.entry(path)
        if old is None:
            findings.append(Finding(code=CONTENT, text=f"{path} is not in the original either", path=path))
        elif new is None:
            findings.append(_missing(path, f"{path} is not there"))
        elif old.digest != new.digest or old.kind != new.kind:
            findings.append(Finding(code=CONTENT, text=f"{path} has another content", path=path))
        elif _owned(old) != _owned(new):
            text = f"{path}: {_owned(old)} became {_owned(new)}"
            findings.append(Finding(code=OWNER, text=text, path=path))
    return _check("named files", f"{len(names)} equal", findings)


def _check(name: str, detail: str, findings: list[Finding]) -> Check:
    return Check(
        name=name,
        layer="disk",
        ok=all(item.accepted for item in findings),
        detail="; ".join(item.text for item in findings[:_SHOWN]) or detail,
        findings=tuple(findings),
    )
