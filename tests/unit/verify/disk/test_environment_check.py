"""Time zones, locales and root certificates: what is missing without anything that fails."""

from __future__ import annotations

import pytest
from unit.verify_sides import Piece, evidence, file, folder, live, needs, package, said, side, used

from slimify.model.sources import SourceFacts, Use
from slimify.verify.disk import environment_check

Pieces = tuple[Piece, ...]
LONDON, BERLIN = file("/usr/share/zoneinfo/Europe/London"), file("/usr/share/zoneinfo/Europe/Berlin")
BUNDLE = file("/etc/ssl/certs/ca-certificates.crt")
TZ = {"Env": ["TZ=Europe/Berlin"]}
GERMAN = {"Env": ["LANG=de_DE.UTF-8"]}
TLS = SourceFacts(features=frozenset({"tls"}))
ZONES = SourceFacts(features=frozenset({"tz"}))
OWN_ZONES = SourceFacts(features=frozenset({"tz"}), imports=(Use(name="time/tzdata", file="a.go", line=1),))

CASES: list[tuple[str, Pieces, Pieces, dict[str, object], SourceFacts, list[str]]] = [
    ("nothing is asked of it", (LONDON, BERLIN, BUNDLE), (), {}, SourceFacts(), []),
    ("there", (BERLIN, BUNDLE), (BERLIN, BUNDLE), TZ, TLS, []),
    ("never there", (), (), TZ, TLS, []),
    ("a zone that every library has", (LONDON,), (), {"Env": ["TZ=UTC"]}, SourceFacts(), []),
    ("zones of one's own", (LONDON,), (), {}, OWN_ZONES, []),
    (
        "a locale that every library has",
        (folder("/usr/lib/locale/C.utf8"),),
        (),
        {"Env": ["LANG=C.UTF-8"]},
        TLS,
        [],
    ),
    (
        "a locale in another form",
        (file("/usr/lib/locale/locale-archive"),),
        (folder("/usr/lib/locale/de_DE.utf8"),),
        GERMAN,
        SourceFacts(),
        [],
    ),
    ("the bundle of another distribution", (BUNDLE,), (file("/etc/ssl/cert.pem"),), {}, TLS, []),
    (
        "the zone",
        (BERLIN,),
        (),
        TZ,
        SourceFacts(),
        ["TZ is Europe/Berlin, but its time zone data is missing"],
    ),
    (
        "zones by name",
        (LONDON,),
        (),
        {},
        ZONES,
        ["a source file loads time zones, but the time zone data is missing"],
    ),
    (
        "the locale",
        (file("/usr/lib/locale/locale-archive"),),
        (folder("/usr/lib/locale/C.utf8"),),
        GERMAN,
        SourceFacts(),
        ["LANG is de_DE.UTF-8, but that locale is missing"],
    ),
    ("the certificates", (BUNDLE,), (), {}, TLS, ["the root certificates are missing"]),
]


@pytest.mark.parametrize(
    ("old", "new", "config", "facts", "found"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_surroundings(
    old: Pieces, new: Pieces, config: dict[str, object], facts: SourceFacts, found: list[str]
) -> None:
    both = evidence(side(*old, **config), side(*new, **config), live(sources=facts))
    assert said(environment_check.check(both, "go")) == found


CLIENT = SourceFacts(features=frozenset({"tls", "client"}))
IMAP = SourceFacts(imports=(Use(name="imaplib", file="a.py", line=1),))
SSL = SourceFacts(imports=(Use(name="ssl", file="a.py", line=1),))


@pytest.mark.parametrize(
    ("facts", "language", "start", "grade"),
    [
        (TLS, "go", ["/app"], "cosmetic"),
        (SourceFacts(features=frozenset({"tls", "external"})), "go", ["/app"], "may-matter"),
        (SourceFacts(features=frozenset({"tls"}), skipped=("a.go",)), "go", ["/app"], "may-matter"),
        (SSL, "python", ["python", "a.py"], "may-matter"),
        (CLIENT, "go", ["/app"], "breaks"),
        (IMAP, "python", ["python", "a.py"], "breaks"),
        (TLS, "go", ["/app", "--upstream=https://example.org"], "breaks"),
    ],
)
def test_a_server_needs_no_root_certificates(
    facts: SourceFacts, language: str, start: list[str], grade: str
) -> None:
    both = evidence(side(BUNDLE, Cmd=start), side(Cmd=start), live(sources=facts))
    assert [f.grade for f in environment_check.check(both, language).findings] == [grade]


def test_what_is_needed() -> None:
    zone = side(BERLIN, *package("tzdata", "/usr/share/zoneinfo/Europe/Berlin"), **TZ)
    assert needs(environment_check.check(evidence(zone, side(**TZ)), None)) == [("package", "tzdata")]
    bundle = side(BUNDLE, *package("ca-certificates"))
    for facts, language, found in (
        (live(commands=used("git")), "node", True),
        (live(sources=SourceFacts(imports=(Use(name="ssl", file="a.py", line=1),))), "python", True),
        (live(commands=used("curl")), "node", False),
        (live(sources=SourceFacts(imports=(Use(name="ssl", file="a.js", line=1),))), "node", False),
    ):
        check = environment_check.check(evidence(bundle, side(), facts), language)
        assert needs(check) == [("package", "ca-certificates")] * found
