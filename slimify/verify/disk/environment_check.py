"""Checks time zones, locales and root certificates, which programs use without naming their files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from slimify import languages
from slimify.facts.language_files import all_files, files_of
from slimify.facts.programs import uses_certificates
from slimify.facts.system import certificate_bundles
from slimify.model.regex import regex
from slimify.verify.disk.evidence import (
    Evidence,
    Side,
    certificates_constraint,
    missing_finding,
)
from slimify.verify.disk.start_commands import start_command_lines
from slimify.verify.model import Check, Finding, Grade, disk_check

ENVIRONMENT = "SL535"

_ZONEINFO = "/usr/share/zoneinfo"
_LOCALES = "/usr/lib/locale"
_BUILT_IN_LOCALE = regex(r"(?:C|POSIX)(?:\..*)?", re.IGNORECASE)  # in every C library


def check(evidence: Evidence, language: str | None) -> Check:
    """The time zone of TZ, the locale of LANG and LC_ALL, time zones loaded by name, and root certificates
    still exist. Without them, programs often don't fail but behave differently."""
    findings = [*_zones(evidence), *_locales(evidence), *_certificates(evidence, language)]
    return disk_check("time zone, locale, certificates", findings, "as before")


def _zones(evidence: Evidence) -> Iterator[Finding]:
    zone = evidence.before.env.get("TZ", "").removeprefix(":")
    if zone and not zone.startswith("/"):
        yield from _missing(
            evidence, f"{_ZONEINFO}/{zone}", f"TZ is {zone}, but its time zone data is missing"
        )
    sources = evidence.runtime_needs.sources
    if "tz" not in sources.features or "ZONEINFO" in evidence.after.env:
        return
    own = {name for one in all_files() for name in one.embeds_zones}
    if not any(use.name in own for use in sources.imports):
        text = "a source file loads time zones, but the time zone data is missing"
        yield from _missing(evidence, f"{_ZONEINFO}/Europe/London", text)


def _locales(evidence: Evidence) -> Iterator[Finding]:
    env = evidence.before.env
    for name in ("LC_ALL", "LANG"):
        value = env.get(name, "")
        if not value or _BUILT_IN_LOCALE.fullmatch(value):
            continue
        before, after = _locale_path(evidence.before, value), _locale_path(evidence.after, value)
        if before and not after:
            yield from _missing(evidence, before, f"{name} is {value}, but that locale is missing")


def _locale_path(side: Side, name: str) -> str:
    """The path of a locale: its directory (`de_DE.utf8`) or the archive of all locales; "" if missing."""
    language, _, charset = name.partition(".")
    places = {name, f"{language}.{charset.lower().replace('-', '')}", language}
    for child in side.files.children(_LOCALES):
        if child in places or child == "locale-archive":
            return f"{_LOCALES}/{child}"
    return ""


def _certificates(evidence: Evidence, language: str | None) -> Iterator[Finding]:
    """Root certificates that are gone. They break something if it opens TLS connections; a server, which
    imports the same modules, needs none. Where all of its code was read, they are cosmetic."""
    if not _uses_tls(evidence, language):
        return
    grade: Grade = "cosmetic" if _is_read_whole(evidence, language) else "may-matter"
    if _opens_tls_connections(evidence, language):
        grade = "breaks"
    if any(evidence.after.entry(path) for path in certificate_bundles()):
        return
    for path in certificate_bundles():
        if evidence.before.entry(path) is not None:
            text = "the root certificates are missing"
            need = certificates_constraint(evidence, path, text)
            if need is not None:
                yield Finding(
                    code=ENVIRONMENT,
                    text=text,
                    path=path,
                    owner=need.value,
                    constraints=(need,),
                    grade=grade,
                )
            else:
                yield replace(missing_finding(evidence, ENVIRONMENT, text, path), grade=grade)
            return


def _is_read_whole(evidence: Evidence, name: str | None) -> bool:
    """Whether every source of a compiled program was read."""
    known, sources = languages.language(name), evidence.runtime_needs.sources
    compiled = known is not None and known.is_compiled
    return compiled and "external" not in sources.features and not sources.skipped


def _opens_tls_connections(evidence: Evidence, language: str | None) -> bool:
    clients, sources = files_of(language).tls_clients, evidence.runtime_needs.sources
    return (
        "client" in sources.features
        or any(use.name.partition(".")[0] in clients for use in sources.imports)
        or any("https://" in word for words in start_command_lines(evidence.before) for word in words)
    )


def _uses_tls(evidence: Evidence, language: str | None) -> bool:
    needs, modules = evidence.runtime_needs, files_of(language).certificates
    if "tls" in needs.sources.features or uses_certificates(needs.commands):
        return True
    return any(use.name.partition(".")[0] in modules for use in needs.sources.imports)


def _missing(evidence: Evidence, path: str, text: str) -> Iterator[Finding]:
    if evidence.before.entry(path) is not None and evidence.after.entry(path) is None:
        yield missing_finding(evidence, ENVIRONMENT, text, path)
