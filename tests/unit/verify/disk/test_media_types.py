"""Media types: who reads the table, which files it matters for."""

from __future__ import annotations

import pytest
from unit.verify_sides import Piece, evidence, file, live, needs, side

from slimify.model.sources import SourceFacts, Use
from slimify.verify.disk import media_types

TABLE = file("/etc/mime.types", "# types\nfont/woff2\twoff2\ntext/css css\ntext/csv csv\ntext/x-python py\n")
FONT, STYLE = file("/app/static/a.WOFF2"), file("/app/static/a.css")
SITE = "/usr/lib/python3/dist-packages"

# (language, import, files of the rewritten image, is the table there, is something lost)
PACKAGED = (file(f"{SITE}/admin/static/fonts/a.woff2"),)
ROWS: list[tuple[str, str, str, tuple[Piece, ...], bool, bool]] = [
    ("nothing is served", "python", "numpy", (FONT,), False, False),
    ("the table is there", "python", "flask", (FONT,), True, False),
    ("Python knows style sheets", "python", "flask", (STYLE,), False, False),
    ("a file that nobody serves", "python", "flask", (file("/app/data.woff2"),), False, False),
    ("a licence beside them", "python", "flask", (file("/app/static/LICENSE-X.woff2"),), False, False),
    ("a font of the system", "python", "flask", (file("/usr/share/fonts/a.woff2"),), False, False),
    (
        "a font that a library draws with",
        "python",
        "flask",
        (file(f"{SITE}/plots/fonts/a.woff2"),),
        False,
        False,
    ),
    ("what a package serves", "python", "flask", PACKAGED, False, True),
    ("what both serve", "python", "flask", (*PACKAGED, FONT), False, True),
    ("another language", "node", "http", (FONT,), False, False),
    ("Go sees that it is a font", "go", "net/http", (FONT,), False, False),
    ("a font", "python", "django.http", (STYLE, FONT), False, True),
    ("Go takes tables for text", "go", "net/http", (file("/srv/public/x.csv"),), False, True),
]


@pytest.mark.parametrize(
    ("language", "module", "files", "there", "lost"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_types(language: str, module: str, files: tuple[Piece, ...], there: bool, lost: bool) -> None:
    sources = SourceFacts(imports=(Use(name=module, file="a", line=1),))
    after = side(*files, base=(TABLE,) if there else ())
    check = media_types.check(evidence(side(*files, base=(TABLE,)), after, live(sources=sources)), language)
    assert bool(check.findings) is lost
    of_package = files == PACKAGED
    assert check.ok is (not lost or of_package)
    assert needs(check) == ([("path", "/etc/mime.types")] if lost else [])


def test_an_original_without_the_table_loses_nothing() -> None:
    sources = SourceFacts(imports=(Use(name="flask", file="a", line=1),))
    assert media_types.check(evidence(side(FONT), side(FONT), live(sources=sources)), "python").ok


def test_the_start_tells_what_serves() -> None:
    start = {"Entrypoint": ["/bin/sh", "-c"], "Cmd": ["exec python3 -m http.server"]}
    assert not media_types.check(
        evidence(side(FONT, base=(TABLE,), **start), side(FONT, **start)), "python"
    ).ok
