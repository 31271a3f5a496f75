"""What programs find in the system without naming it: the time zone, the locale, the root certificates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slimify.facts.language_files import all_files, files_of
from slimify.verify.disk.evidence import BUNDLES, Evidence, Side, certificates, finding
from slimify.verify.model import Check, Finding

SURROUNDINGS = "SL535"

_ZONES = "/usr/share/zoneinfo"
_LOCALES = "/usr/lib/locale"
_BUILT_IN = re.compile(r"(?:C|POSIX)(?:\..*)?", re.IGNORECASE)  # what every C library has
# Programs that ask the system for its root certificates; curl and wget are asked for this machine more
# often than for another.
_CALLERS = frozenset({"git"})


def check(evidence: Evidence, language: str | None) -> Check:
    """The zone of TZ, the locale of LANG and LC_ALL, zones that are loaded by name and the certificates
    are there where the original has them: without them nothing fails, it only goes another way."""
    findings = [*_zones(evidence), *_locales(evidence), *_certificates(evidence, language)]
    return Check(
        name="time zone, locale, certificates",
        layer="disk",
        ok=not findings,
        detail="; ".join(item.text for item in findings) or "as before",
        findings=tuple(findings),
    )


def _zones(evidence: Evidence) -> Iterator[Finding]:
    zone = evidence.before.env.get("TZ", "").removeprefix(":")
    if zone and not zone.startswith("/"):
        yield from _lost(evidence, f"{_ZONES}/{zone}", f"TZ is {zone}, whose rules are not there")
    runtime_needs = evidence.runtime_needs
    if (
        runtime_needs is None
        or "tz" not in runtime_needs.sources.features
        or "ZONEINFO" in evidence.after.env
    ):
        return
    own = {name for one in all_files() for name in one.embeds_zones}
    if not any(use.name in own for use in runtime_needs.sources.imports):
        text = "a source loads time zones, which are not there"
        yield from _lost(evidence, f"{_ZONES}/Europe/London", text)


def _locales(evidence: Evidence) -> Iterator[Finding]:
    env = evidence.before.env
    for name in ("LC_ALL", "LANG"):
        value = env.get(name, "")
        if not value or _BUILT_IN.fullmatch(value):
            continue
        before, after = _locale(evidence.before, value), _locale(evidence.after, value)
        if before and not after:
            yield from _lost(evidence, before, f"{name} is {value}, which is not there")


def _locale(side: Side, name: str) -> str:
    """What brings a locale: its directory (`de_DE.utf8`), or the archive that holds all."""
    language, _, charset = name.partition(".")
    places = {name, f"{language}.{charset.lower().replace('-', '')}", language}
    for child in side.files.children(_LOCALES):
        if child in places or child == "locale-archive":
            return f"{_LOCALES}/{child}"
    return ""


def _certificates(evidence: Evidence, language: str | None) -> Iterator[Finding]:
    if not _calls_out(evidence, language):
        return
    if any(evidence.after.entry(path) for path in BUNDLES):
        return
    for path in BUNDLES:
        if evidence.before.entry(path) is not None:
            text = "the root certificates are not there"
            need = certificates(evidence, path, text)
            if need is not None:
                yield Finding(code=SURROUNDINGS, text=text, path=path, owner=need.value, constraints=(need,))
            else:
                yield finding(evidence, SURROUNDINGS, text, path)
            return


def _calls_out(evidence: Evidence, language: str | None) -> bool:
    runtime_needs = evidence.runtime_needs
    if runtime_needs is None:
        return False
    if runtime_needs.sources.features & {"tls"} or _CALLERS & runtime_needs.commands.keys():
        return True
    modules = files_of(language).certificates
    return any(use.name.partition(".")[0] in modules for use in runtime_needs.sources.imports)


def _lost(evidence: Evidence, path: str, text: str) -> Iterator[Finding]:
    if evidence.before.entry(path) is not None and evidence.after.entry(path) is None:
        yield finding(evidence, SURROUNDINGS, text, path)
