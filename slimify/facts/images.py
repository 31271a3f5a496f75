"""Facts about a base image, derived from its reference.

`image("python:3.12")` returns its distribution, release, C library, package manager and configuration, and
the smaller image of the same family and release that may replace it. Nothing is fetched. Official tags are
from their published history (tags-*.json), so a tag is `sure` if it existed. Unknown names yield None."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.facts import records
from slimify.facts.image_tables import image_tables, named_language, tags
from slimify.facts.references import Reference, parse_reference
from slimify.facts.system import default_path
from slimify.model.effects import SystemManager
from slimify.model.sizes import MB
from slimify.model.versions import version_numbers

Variant = Literal["full", "slim", "alpine", "other"]


class ImageFacts(Struct, frozen=True, kw_only=True):
    """What a base image is and contains.

    `version` is the language's, with at least the precision of the language's row; `version_sure` is False
    if a moving tag (`latest`, `3`, `lts`) was resolved as of the facts' date. `suite` is a codename, or
    `3.20` for Alpine. `env` contains None for a variable that depends on the patch release. `workdir` "" is
    `/`, None is unknown. `size` is in uncompressed bytes, 0 if unknown. `packages` are system packages,
    known only from a built image.

    `runtime_bases` (of images with compilers, and of a full Debian) maps `static`, `base`, `cc`, `debian` and
    `alpine` to references of the same release; `static` is the newest release if its own has none."""

    reference: str
    repository: str
    tag: str
    digest: str
    family: str
    language: str | None = None
    version: str | None = None
    version_sure: bool = False
    variant: Variant = "other"
    distro: str | None = None
    suite: str | None = None
    suite_sure: bool = False
    libc: Literal["glibc", "musl", "none"] | None = None
    libc_version: str | None = None
    manager: str | None = None
    user: str = "root"
    users: Mapping[str, str] = field(
        default_factory=dict
    )  # accounts of its own: name -> "user:group" numbers
    workdir: str | None = ""
    env: Mapping[str, str | None] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()  # of the language, beyond the packages
    prefix: str = "/usr/local"  # where the language's programs and packages are installed
    hooks: tuple[str, ...] = ()  # scripts that its entry script runs, and directories of them (`/`)
    size: int = 0
    shell: bool = True
    slim_partner: str | None = None
    runtime_bases: Mapping[str, str] = field(default_factory=dict)
    packages: frozenset[str] = frozenset()

    @property
    def is_distroless(self) -> bool:
        """Whether it is one of Google's images without a package manager."""
        return self.repository.startswith("gcr.io/distroless/")


def image(reference: str) -> ImageFacts | None:
    """Facts about a FROM reference without variables; None for an unknown image.

    A digest is ignored. `slim_partner` and `runtime_bases` have none: the caller decides whether to drop the
    pin. `golang@sha256:…` without a tag has no version and no distribution.
    """
    parts = parse_reference(reference)
    if parts is None:
        return None
    facts = _official(reference, parts) if parts.official else None
    facts = facts or _image_by_row(reference, parts)
    return _complete(facts) if facts else None


# --- official images --------------------------------------------------------------------------


def _official(reference: str, parts: Reference) -> ImageFacts | None:
    start = ImageFacts(
        reference=reference, repository=parts.name, tag=parts.tag, digest=parts.digest, family=parts.name
    )
    if parts.name in image_tables()["official"]:
        return _language_image(start, parts)
    if parts.name in ("debian", "ubuntu", "buildpack-deps"):
        return _distribution(start, parts)
    if parts.name in ("alpine", "nginx", "busybox"):
        return _single_purpose_image(start, parts)
    return None


def _language_image(start: ImageFacts, parts: Reference) -> ImageFacts:
    """The official image of a language: the tag's suite and release come from the table of all tags."""
    common = image_tables()["official"][parts.name]
    version, qualifier, suite, release = known_tag(parts.name, parts.tag, pinned=bool(parts.digest))
    named = _named_suite(qualifier)
    variant: Variant = "full"
    if qualifier.startswith("alpine"):
        variant = "alpine"
    elif "slim" in qualifier:
        variant = "slim"
    elif qualifier and not named:
        variant = "other"
    alpine = variant == "alpine"
    windows = re.search("windowsservercore|nanoserver", qualifier)
    nameless = bool(parts.digest) and not parts.tag  # any variant on any distribution
    settings = _settings(common, release)
    env = {**settings["env"], **dict.fromkeys(settings["unknown_env"])}
    env[common["release_env"]] = release if release and version == release else None
    enough = common.get("precision", 1)
    written = version if len(version_numbers(version)) >= enough else ""
    resolved = ".".join(map(str, version_numbers(release)[:enough])) if release else None
    if resolved is not None and version in common.get("closed", ()):
        written = resolved
    facts = replace(
        start,
        language=common["language"],
        version=written or resolved,
        version_sure=bool(written),
        variant="other" if nameless else variant,
        distro=None if nameless else "alpine" if alpine else "windows" if windows else "debian",
        suite=suite or named,
        suite_sure=named is not None or (suite is not None and (not parts.digest or version == release)),
        workdir=common.get("workdir", ""),
        env=env,
        users=common.get("users", {}),
        entrypoint=tuple(settings["entrypoint"]),
        cmd=tuple(settings.get("alpine_cmd", settings["cmd"]) if alpine else settings["cmd"]),
        commands=tuple(settings["commands"]),
        shell=not windows,
    )
    if common.get("compiles"):
        return replace(facts, runtime_bases=_runtime_bases(parts, facts))
    return replace(facts, slim_partner=_slim_language_tag(parts, version, qualifier, facts))


def _settings(common: Mapping[str, Any], release: str | None) -> dict[str, Any]:
    """A family's configuration in a release: its row, with the changes in `since` applied."""
    settings: dict[str, Any] = {"entrypoint": (), "unknown_env": (), **common}
    for row in common.get("since", ()):
        if release is None or not _applies(row, release):
            continue
        kept = {key: value for key, value in settings["env"].items() if key not in row.get("drop_env", ())}
        settings |= {**row, "env": {**kept, **row.get("env", {})}}
    return settings


def environment(family: str) -> frozenset[str]:
    """The variables that any release of an official image (`golang`) sets; none for other images."""
    common = image_tables()["official"].get(family)
    if common is None:
        return frozenset()
    rows = (common, *common.get("since", ()))
    names = {name for row in rows for name in (*row.get("env", ()), *row.get("unknown_env", ()))}
    return frozenset(names | {common["release_env"]})


def known_tag(family: str, tag: str, *, pinned: bool) -> tuple[str, str, str | None, str | None]:
    """(version, qualifier, suite, newest release) of a tag; the last two are None if unknown."""
    if not tag and pinned:
        return "", "", None, None
    table = tags(family)
    tag = tag or "latest"
    for cut in (len(tag), *(m.start() for m in reversed(list(re.finditer("-", tag)))), 0):
        version, qualifier = tag[:cut], tag[cut:].lstrip("-")
        row = table["versions"].get(version)
        suite = row and table["tags"][row[0]].get(qualifier)
        if suite:
            older = row[2] if len(row) > 2 else {}
            return version, qualifier, suite.removeprefix("alpine"), older.get(qualifier, row[1])
    # a tag that is newer than the table, or a custom tag
    found = re.fullmatch(r"(?P<version>\d+(?:\.\d+)*|latest|lts|current)?-?(?P<rest>.*)", tag)
    version, qualifier = (found["version"] or "", found["rest"]) if found else ("", tag)
    number = version if version[:1].isdigit() else None
    return version, qualifier, None, number


def _named_suite(qualifier: str) -> str | None:
    """The suite that a qualifier such as `slim-bookworm` or `alpine3.20` names."""
    found = re.search(r"alpine(\d+\.\d+)", qualifier)
    if found:
        return found[1]
    suites = image_tables()["suites"]
    return next((part for part in qualifier.split("-") if part in suites), None)


def _applies(row: Mapping[str, str], release: str) -> bool:
    below = row.get("below")
    return version_numbers(row["release"]) <= version_numbers(release) and (
        below is None or version_numbers(release) < version_numbers(below)
    )


def _slim_language_tag(parts: Reference, version: str, qualifier: str, facts: ImageFacts) -> str | None:
    """The slim tag of the same version and suite, in the style of the user's tag, if it existed."""
    if facts.variant != "full" or facts.suite is None:
        return None
    table = tags(parts.name)
    row = table["versions"].get("" if version == "latest" else version)
    known = table["tags"][row[0]] if row else {}
    suite = facts.suite
    with_suite = image_tables()["official"][parts.name].get("slim_tag", "{suite}-slim").format(suite=suite)
    for slim in (with_suite, "slim") if qualifier else ("slim", with_suite):
        if known.get(slim) == suite:
            return parts.with_tag(slim if version in ("", "latest") else f"{version}-{slim}")
    return None


def _runtime_bases(parts: Reference, facts: ImageFacts) -> dict[str, str]:
    """The base images for programs built in this image: distroless, slim or Alpine of the same release."""
    if facts.suite is None:
        return {"alpine": parts.prefix + "alpine:latest"} if facts.distro == "alpine" else {}
    if facts.distro == "alpine":
        return {"alpine": f"{parts.prefix}alpine:{facts.suite}"}
    bases = {"debian": f"{parts.prefix}debian:{facts.suite}-slim"}
    suites = image_tables()["suites"]
    # a static program has no dependencies, so it runs on the newest release
    newest = max((s for s in suites.values() if "distroless" in s), key=lambda s: int(s["number"]))
    bases["static"] = f"gcr.io/distroless/static-{newest['distroless']}"
    release = suites.get(facts.suite, {}).get("distroless")
    if release:
        bases |= {kind: f"gcr.io/distroless/{kind}-{release}" for kind in ("static", "base", "cc")}
    return bases


def _distribution(start: ImageFacts, parts: Reference) -> ImageFacts:
    """debian, ubuntu and buildpack-deps; the tag consists of a release, and optionally a date and `slim`."""
    known = image_tables()
    tag = parts.tag or ("" if parts.digest else "latest")
    found = re.fullmatch(
        r"(?P<release>[a-z]+|\d+(?:\.\d+)?)(?:-\d{8}(?:\.\d+)?)?(?:-(?P<kind>slim|curl|scm|backports))?", tag
    )
    if not found:
        return replace(start, distro="ubuntu" if parts.name == "ubuntu" else "debian", variant="other")
    release, kind = found["release"], found["kind"] or ""
    if release in ("curl", "scm"):  # buildpack-deps:scm
        release, kind = "latest", release
    suite, sure = _release_suite(known, parts.name, release)
    facts = replace(
        start,
        distro=known["suites"].get(suite, {}).get("distro") if suite else None,
        suite=suite,
        suite_sure=sure,
        variant="slim" if kind == "slim" else "full" if kind in ("", "scm", "curl") else "other",
        cmd=("bash",) if parts.name != "ubuntu" else ("/bin/bash",),
        env={"PATH": default_path()},
    )
    if parts.name == "buildpack-deps":
        family = f"buildpack-deps-{kind}" if kind else "buildpack-deps"
        bases = _runtime_bases(parts, facts) if facts.distro == "debian" else {}
        return replace(facts, family=family, runtime_bases=bases)
    moved_on = parts.digest and (release == "latest" or release in known["debian"])
    if parts.name == "debian" and facts.variant == "full" and suite and not moved_on:
        slim = parts.with_tag("stable-slim" if tag == "latest" else f"{tag}-slim")
        bases = {**_runtime_bases(parts, facts), "debian": slim}
        return replace(facts, slim_partner=slim, runtime_bases=bases)
    return facts


def _release_suite(known: Mapping[str, Any], name: str, release: str) -> tuple[str | None, bool]:
    suites = known["suites"]
    if release in suites:
        return release, True
    if name == "ubuntu":
        moving = {"latest": "resolute", "rolling": "resolute", "devel": None}
        if release in moving:
            return moving[release], False
        return next((suite for suite, row in suites.items() if row["number"] == release), None), True
    debian = known["debian"]
    if release == "latest" or release in debian:
        return debian["stable" if release == "latest" else release], release != "latest"
    number = release.split(".")[0]
    releases = {row["number"]: suite for suite, row in suites.items() if row["distro"] == "debian"}
    return releases.get(number), number in releases


def _single_purpose_image(start: ImageFacts, parts: Reference) -> ImageFacts:
    """alpine, nginx and busybox."""
    known = image_tables()
    tag = parts.tag or "latest"
    if parts.name == "alpine":
        found = re.fullmatch(r"(3\.\d+)(?:\.\d+)?", tag)
        moving = tag in ("latest", "3") and not parts.digest
        suite = found[1] if found else known["alpine"]["latest"] if moving else None
        return replace(
            start, distro="alpine", variant="alpine", suite=suite, suite_sure=bool(found), cmd=("/bin/sh",)
        )
    if parts.name == "busybox":
        return replace(start, cmd=("sh",), distro="busybox")
    alpine = "alpine" in tag
    named = _named_suite(tag)
    return replace(
        start,
        distro="alpine" if alpine else "debian",
        variant="alpine" if alpine else "full",
        suite=named,
        suite_sure=named is not None,
        entrypoint=("/docker-entrypoint.sh",),
        cmd=("nginx", "-g", "daemon off;"),
        commands=("nginx",),
        hooks=("/docker-entrypoint.d/",),
    )


# --- other images -------------------------------------------------------------------------------


def _image_by_row(reference: str, parts: Reference) -> ImageFacts | None:
    """The facts from the first row of images.toml that matches the name and the tag."""
    known = image_tables()
    for row in known["other"]:
        named = re.fullmatch(row["image"], parts.name)
        tagged = named and re.fullmatch(row["tag"], parts.tag)
        if not named or not tagged:
            continue
        groups = {k: v for k, v in {**named.groupdict(), **tagged.groupdict()}.items() if v}
        suite = groups.get("suite") or row.get("suite")
        distro = row.get("distro")
        if not suite and "number" in groups:
            suite = next((s for s, r in known["suites"].items() if r["number"] == groups["number"]), None)
        if suite in known["suites"]:
            distro = distro or known["suites"][suite]["distro"]
        family = str(row.get("family") or groups.get("family")).removesuffix(groups.get("version", ""))
        language = row.get("language") or named_language(groups.get("language", family).strip("/"))
        start = {"reference": reference, "repository": parts.name, "tag": parts.tag, "digest": parts.digest}
        told = {"env": {"PATH": default_path()}, **row, **start, "family": family, "language": language}
        return replace(
            records(told, ImageFacts),
            version=groups.get("version"),
            version_sure="version" in groups,
            distro=distro,
            suite=suite,
            suite_sure=bool(suite) and row.get("sure", True),
            slim_partner=_slim_other_tag(row, parts),
        )
    return None


def _slim_other_tag(row: Mapping[str, Any], parts: Reference) -> str | None:
    if "slim" not in row:
        return None
    pattern, replacement = row["slim"]
    tag = re.sub(pattern, replacement, parts.tag, count=1)
    if tag == parts.tag:
        tag = row.get("slim_latest", "") if parts.tag in ("", "latest") else ""
    return parts.with_tag(tag) if tag else None


# --- facts derived from distribution and suite ----------------------------------------------------


def on_distribution(facts: ImageFacts, manager: str) -> ImageFacts:
    """An image whose distribution is not known, and on which a package manager is called."""
    own = next((d for d, m in image_tables()["managers"].items() if m == manager == SystemManager.APK), None)
    return _complete(replace(facts, distro=own)) if facts.distro is None and own is not None else facts


def _complete(facts: ImageFacts) -> ImageFacts:
    known = image_tables()
    suite = known["suites"].get(facts.suite or "", {})
    libc = facts.libc
    if libc is None and facts.distro not in (None, "busybox", "windows"):
        libc = "musl" if facts.distro == "alpine" else "none" if facts.family == "static" else "glibc"
    name = facts.family
    if f"{name}-{facts.variant}" in known["sizes"]:
        name = f"{name}-{facts.variant}"
    sizes = known["sizes"].get(name, {}) if facts.variant != "other" or name == "busybox" else {}
    return replace(
        facts,
        libc=libc,
        libc_version=suite.get("glibc") if libc == "glibc" else None,
        manager=None if facts.is_distroless else image_tables()["managers"].get(facts.distro or ""),
        size=MB * sizes.get(facts.suite or "", sizes.get("", 0)),
    )
