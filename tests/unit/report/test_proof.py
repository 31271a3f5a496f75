"""The proof as text, Markdown and settings: what is shown, how much of it, and that it is well formed."""

from __future__ import annotations

import re
import tomllib

import pytest
from msgspec.structs import replace

from slimify.app import learned_settings
from slimify.report import proof as report
from slimify.verify.model import Check, Constraint, Finding, Grade, Layer, Need, Proof, Round, Sizes, Times

FIELDS = """Entrypoint Cmd WorkingDir User ExposedPorts Volumes Healthcheck StopSignal Shell OnBuild labels
    Env PATH""".split()
DISK = [
    "commands",
    "programs of the sources",
    "interpreters",
    "libraries",
    "files",
    "volumes",
    "links",
    "users",
]


def check(name: str, layer: Layer, *found: Finding, detail: str = "as before", note: bool = False) -> Check:
    detail = "; ".join(finding.text for finding in found) or detail
    return Check(name=name, layer=layer, detail=detail, findings=found, note=note)


def finding(text: str, *, accepted: bool = False, grade: Grade = "breaks") -> Finding:
    return Finding(code="SL510", text=text, accepted=accepted, grade=grade)


WELL = (
    check("build", "build", detail="both images are built"),
    *(check(name, "contract") for name in FIELDS),
    *(check(name, "disk") for name in DISK),
    check("start", "behaviour", detail="listening on 8000"),
    check("GET /", "behaviour", detail="200, text/html, 512 bytes"),
)
EQUAL = Proof(
    file="Dockerfile",
    verdict="equal",
    checks=WELL,
    before=Sizes(disk=1_100_000_000, compressed=400_000_000, files=9, packages=8, executables=7),
    after=Sizes(disk=110_000_000, compressed=40_000_000, files=3, packages=2, executables=1),
    times={"original": Times(start=1.25), "rewritten": Times(start=1.0)},
)


def proof(*checks: Check, verdict: str = "different", **values: object) -> Proof:
    return Proof(file="Dockerfile", verdict=verdict, checks=checks, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "worst", "said"),
    [
        ((), None, ()),
        ((finding("a", accepted=True),), None, ("accepted files: a",)),
        ((finding("a", grade="cosmetic"),), "cosmetic", ("cosmetic files: a", "equal\n")),
        (
            (finding("a", grade="may-matter"), finding("b", grade="cosmetic")),
            "may-matter",
            ("SL510 may matter a", "cosmetic files: b", "equal; 1 difference may matter\n"),
        ),
        (
            (finding("a", grade="may-matter"), finding("b")),
            "breaks",
            ("SL510 may matter a", "SL510 breaks b"),
        ),
    ],
)
def test_grades(found: tuple[Finding, ...], worst: Grade | None, said: tuple[str, ...]) -> None:
    one = check("files", "disk", *found)
    given = proof(one, verdict="equal" if one.ok else "different")
    assert given.worst == worst
    grades: tuple[Grade, ...] = ("cosmetic", "may-matter", "breaks")
    reached = (*grades, None).index(worst)
    assert [given.is_as_bad_as(g) for g in grades] == [worst is not None and n <= reached for n in range(3)]
    text = report.text(given)
    assert all(part in text for part in said), text


def test_short_when_all_is_well() -> None:
    text = report.text(EQUAL)
    assert text.splitlines()[0] == "Dockerfile: equal, 1.10 GB → 110 MB (−90 %)"
    assert len(text.splitlines()) <= 22, text
    assert all(name in text for name in (*FIELDS, *DISK[:1]))
    assert "    same     GET /: 200, text/html, 512 bytes\n" in text
    assert "  start: 1.2 s → 1.0 s\n" in text


LONG = "a sentence with many words in it " * 30
CASES: list[tuple[str, Proof, tuple[str, ...], int]] = [
    ("a difference", proof(check("Cmd", "contract", finding("Cmd was a"))), ("SL510 breaks Cmd was a",), 6),
    (
        "many differences",
        proof(check("files", "disk", *(finding(f"file {n}") for n in range(50)))),
        ("… and 42 more of files",),
        14,
    ),
    (
        "labels of the base image",
        proof(
            check("labels", "contract", *(finding(f"{LONG}{n}", accepted=True) for n in range(99))),
            verdict="equal",
        ),
        ("accepted labels: a sentence", " …"),
        14,
    ),
    (
        "a note",
        proof(check("left behind", "disk", detail="9 files", note=True)),
        ("note     left behind: 9 files",),
        6,
    ),
    ("a long answer", proof(check("GET /", "behaviour", detail=LONG)), ("same     GET /: a sentence",), 8),
    ("what was not proven", proof(scope=(LONG,)), ("not proven: a sentence",), 20),
    (
        "less than was asked for",
        replace(EQUAL, min_saving=2_000_000_000),
        ("note: the measured saving is only 990 MB; --min-saving requires 2.00 GB",),
        23,
    ),
    (
        "nothing at all",
        replace(EQUAL, after=EQUAL.before, min_saving=5_000_000),
        ("note: the image is not smaller; --min-saving",),
        23,
    ),
    (
        "why not",
        proof(problem="the original does not build: x", verdict="not built"),
        ("the original does not",),
        4,
    ),
]


@pytest.mark.parametrize(
    ("given", "parts", "most"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_text_fits(given: Proof, parts: tuple[str, ...], most: int) -> None:
    text = report.text(given)
    assert all(part in text for part in parts), text
    assert len(text.splitlines()) <= most, text
    assert all(len(line) <= 80 for line in text.splitlines()), text
    assert text.endswith("\n")
    assert "\x1b" not in text


def test_rounds_are_shown_where_there_was_more_than_one() -> None:
    first = Round(
        rung="minimal", verdict="different", findings=(finding("x"),), constraints=(need("package", "git"),)
    )
    turns = (first, Round(rung="minimal", verdict="equal"))
    assert "round 1: minimal, different, 1 found; needs package git\n" in report.text(proof(rounds=turns))
    assert "round" not in report.text(proof(rounds=turns[1:]))


def test_the_log_of_a_failed_build_is_whole() -> None:
    log = "#1 step\n" * 500 + "ERROR: x"
    assert report.text(proof(log=log, verdict="not built")).endswith(f"{log}\n")
    assert log not in report.text(proof(log=log, verdict="equal"))


# --- Markdown ----------------------------------------------------------------------------------------------

NASTY = "a | b `c` <d> *e* _f_ [g](h) \\ i\nj"


def cells(line: str) -> int:
    """The cells of a row of a table, as GitHub counts them: an escaped bar separates nothing."""
    return len(re.findall(r"(?<!\\)\|", line)) - 1


@pytest.mark.parametrize(
    "given",
    [
        EQUAL,
        proof(check(NASTY, "contract", finding(NASTY), detail=NASTY), scope=(NASTY,), problem=NASTY),
        proof(check("Cmd", "contract", finding(LONG * 5), detail=LONG * 5)),
    ],
    ids=["equal", "signs of Markdown", "long"],
)
def test_markdown_tables_are_tables(given: Proof) -> None:
    assert report.markdown(given).endswith(">\n")
    lines = report.markdown(given).splitlines()
    tables = [i for i, line in enumerate(lines) if line.startswith("| ---")]
    assert tables
    for at in tables:
        assert lines[at - 2] == "" or lines[at - 2].startswith("<details>"), (
            "a table needs a blank line above"
        )
        rows = [lines[at - 1]]
        while at < len(lines) and lines[at].startswith("|"):
            rows.append(lines[at])
            at += 1
        assert {cells(row) for row in rows} == {3}, rows
    text = "\n".join(lines)
    assert "<d>" not in text.replace("\\<d\\>", "")
    assert text.count("<details>") == text.count("</details>") == 1
    assert not re.search(r"\n\n\n", text)


def test_a_small_saving_is_said_everywhere() -> None:
    small = replace(EQUAL, min_saving=2_000_000_000)
    assert (
        "\n- Note: the measured saving is only 990 MB; --min-saving requires 2.00 GB\n\n"
        in report.markdown(small)
    )
    assert report.to_dict(small)["too_small"] is True
    assert "Note" not in report.markdown(EQUAL)
    assert report.to_dict(EQUAL)["too_small"] is False


def test_a_base_that_is_not_there_is_said_to_be_that() -> None:
    away = Constraint(need="base", value="slim", reason="line 9: no such image", persistent=False)
    turns = (
        Round(rung="minimal", verdict="different", constraints=(away,)),
        Round(rung="slim", verdict="equal"),
    )
    assert "needs another base: line 9: no such image" in report.text(proof(rounds=turns))


def test_markdown_says_what_differs_first() -> None:
    given = proof(check("Cmd", "contract", finding("Cmd was a and is b"), detail="x"), scope=("nothing ran",))
    text = report.markdown(given)
    assert text.startswith(
        "### `Dockerfile`: different\n\n- **SL510** breaks: Cmd was a and is b\n- Not proven: nothing ran\n\n"
    )


# --- settings ----------------------------------------------------------------------------------------------


def need(kind: Need, value: str) -> Constraint:
    return Constraint(need=kind, value=value)


NEEDS = (
    need("package", "libpq5"),
    need("package", "git"),
    need("path", "/app/t"),
    need("command", "psql"),
    need("glibc", "2.38"),
    need("base", "slim"),
)
WANTED = {
    "keep-packages": ["libpq5", "git"],
    "keep-paths": ["/app/t"],
    "keep-commands": ["psql"],
    "min-glibc": "2.38",
    "base": "slim",
}


def test_constraints_as_settings() -> None:
    assert report.settings(()) == {}
    assert report.settings((need("base", ""),)) == {}
    assert report.settings(NEEDS) == WANTED
    assert tomllib.loads(learned_settings.as_toml(report.settings(NEEDS))) == WANTED
    assert '    min-glibc = "2.38"\n' in report.text(proof(verdict="equal", constraints=NEEDS))
    assert '```toml\nkeep-packages = ["libpq5", "git"]\n' in report.markdown(
        proof(verdict="equal", constraints=NEEDS)
    )


PACKAGES = {"keep-packages": ["libpq5"]}
EDITS: list[tuple[str, str, dict[str, str | list[str]], str | None]] = [
    ("nothing", "a = 1\n", {}, "a = 1\n"),
    (
        "there already",
        "keep-packages = [ 'libpq5' ] # why\n",
        PACKAGES,
        "keep-packages = [ 'libpq5' ] # why\n",
    ),
    ("an empty file", "", PACKAGES, 'keep-packages = ["libpq5"]\n'),
    ("behind others", "annotate = true", PACKAGES, 'annotate = true\nkeep-packages = ["libpq5"]\n'),
    ("to others", "keep-packages = ['git']\nx = 1\n", PACKAGES, 'keep-packages = ["git", "libpq5"]\nx = 1\n'),
    (
        "the other spelling",
        "keep_packages = ['git']\n",
        PACKAGES,
        'keep_packages = ["git", "libpq5"]\n',
    ),
    (
        "in front of tables and what is said of them",
        "# top\n\n# probes\n[probes]\nport = 1\n",
        PACKAGES,
        '# top\nkeep-packages = ["libpq5"]\n\n# probes\n[probes]\nport = 1\n',
    ),
    (
        "only a table",
        "[probes]\nkeep-packages = 1\n",
        PACKAGES,
        'keep-packages = ["libpq5"]\n\n[probes]\nkeep-packages = 1\n',
    ),
    (
        "over several lines",
        "keep-packages = [\n  'git',\n]\n",
        PACKAGES,
        'keep-packages = ["git", "libpq5"]\n',
    ),
    ("lines end as they did", "a = 1\r\n", PACKAGES, 'a = 1\r\nkeep-packages = ["libpq5"]\r\n'),
    ("a newer glibc", "min-glibc = '2.36'\n", {"min-glibc": "2.38"}, 'min-glibc = "2.38"\n'),
    ("an older glibc", "min-glibc = '2.39'\n", {"min-glibc": "2.38"}, "min-glibc = '2.39'\n"),
    ("a comment inside is not lost", "keep-packages = [\n  'git', # why\n]\n", PACKAGES, None),
    ("text that only looks like it", 'x = """\nkeep-packages = []\n"""\n', PACKAGES, None),
]


@pytest.mark.parametrize(
    ("text", "wanted", "after"), [row[1:] for row in EDITS], ids=[row[0] for row in EDITS]
)
def test_a_settings_file_is_edited_by_hand_or_not_at_all(
    text: str, wanted: dict[str, str | list[str]], after: str | None
) -> None:
    found = learned_settings.edit_settings(text, wanted)
    if after is not None or found is None:
        assert found == after
    else:  # another place is as good, as long as nothing else changes
        assert tomllib.loads(found) == {**tomllib.loads(text), **wanted}
