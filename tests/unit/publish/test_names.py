"""Names of branches, titles, owners, and the table [pr]."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimify.config import pr
from slimify.config.pr import ForgeKind
from slimify.publish import names
from slimify.publish.code_owners import owners
from slimify.render import limits


@pytest.mark.parametrize(
    ("file", "branch"),
    [
        ("Dockerfile", "slimify/Dockerfile"),
        ("services/api/worker.Dockerfile", "slimify/services/api/worker.Dockerfile"),
        ("", "slimify/images"),
    ],
)
def test_branches(file: str, branch: str) -> None:
    assert names.branch("slimify/", file) == branch


@given(st.lists(st.text(min_size=1).filter(lambda s: "/" not in s and "\0" not in s), min_size=1, max_size=4))
def test_any_path_makes_a_branch(parts: list[str]) -> None:
    branch = names.branch("slimify/", "/".join(parts))
    done = subprocess.run(["git", "check-ref-format", f"refs/heads/{branch}"], check=False)
    assert done.returncode == 0, branch


def test_paths_that_look_alike_have_branches_of_their_own() -> None:
    files = ["a b/Dockerfile", "a~b/Dockerfile", "a-b/Dockerfile", "a..b/Dockerfile"]
    assert len({names.branch("x/", file) for file in files}) == len(files)


@pytest.mark.parametrize(
    ("style", "subjects", "typed"),
    [
        ("plain", ["feat: a"] * 9, False),
        ("conventional", [], True),
        ("auto", [], False),
        ("auto", ["fix: the only one"], False),
        ("auto", ["feat: a", "fix(api)!: b", "Add c"], True),
        ("auto", ["feat: a", "Add b", "Note: this"], False),
        ("auto", ["feat: a", "fix: b", "Merge branch 'x'", "Merge pull request #1", "Revert \"y\""], True),
    ],
)  # fmt: skip
def test_styles_of_titles(style: str, subjects: list[str], typed: bool) -> None:
    assert names.conventional(style, subjects) is typed  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("files", "title"),
    [
        (["Dockerfile"], "build(docker): slim down the image of Dockerfile"),
        (["x/api/Dockerfile"], "build(api): slim down the image of x/api/Dockerfile"),
        (["my app/Dockerfile"], "build(docker): slim down the image of my app/Dockerfile"),
        (["a/Dockerfile", "b/Dockerfile"], "build(docker): slim down the images"),
    ],
)
def test_conventional_titles(files: list[str], title: str) -> None:
    assert names.title(files, typed=True) == title


OWNERS = """
# everybody
*       @acme/all
*.md    @docs
/api/   @api @ann   # two
web/Docker*  @web
/none/
/deep/**/Dockerfile @deep
"""


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("Dockerfile", ["@acme/all"]),
        ("x/README.md", ["@docs"]),
        ("api/Dockerfile", ["@api", "@ann"]),
        ("x/api/Dockerfile", ["@acme/all"]),
        ("web/Dockerfile", ["@web"]),
        ("x/web/Dockerfile", ["@acme/all"]),
        ("none/Dockerfile", []),
        ("deep/Dockerfile", ["@deep"]),
        ("deep/a/b/Dockerfile", ["@deep"]),
    ],
)
def test_owners(tmp_path: Path, file: str, found: list[str]) -> None:
    (tmp_path / "CODEOWNERS").write_text(OWNERS)
    assert list(owners(tmp_path, "github", (file,))) == found


def test_owners_of_sections(tmp_path: Path) -> None:
    text = "* @all\n[Images] @docker\nDockerfile\n/web/Dockerfile @web\n^[Docs][2]\n*.md @docs\n"
    (tmp_path / ".gitlab").mkdir()
    (tmp_path / ".gitlab" / "CODEOWNERS").write_text(text)
    assert owners(tmp_path, "gitlab", ("api/Dockerfile",)) == ("@all", "@docker")
    assert owners(tmp_path, "gitlab", ("web/Dockerfile",)) == ("@all", "@web")


def test_owners_by_regular_expressions(tmp_path: Path) -> None:
    (tmp_path / "CODEOWNERS").write_text(".*/Dockerfile @docker\n( @broken\na{99999999999} @broken\n")
    assert owners(tmp_path, "gitea", ("api/Dockerfile", "README")) == ("@docker",)


@pytest.mark.parametrize(("kind", "pattern"), [("github", "*a" * 30 + "b"), ("gitea", "(a+)+b")])
def test_patterns_that_never_come_to_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: ForgeKind, pattern: str
) -> None:
    monkeypatch.setattr(limits, "_SECONDS", 1)
    (tmp_path / "CODEOWNERS").write_text(f"* @all\n{pattern} @a\n")
    assert owners(tmp_path, kind, ("a" * 60,)) == (("@all",) if kind == "github" else ())


def test_owners_in_a_directory_that_leads_out(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "CODEOWNERS").write_text("* @secret\n")
    (tmp_path / "tree" / ".git").mkdir(parents=True)
    (tmp_path / "tree" / ".github").symlink_to("../outside")
    assert owners(tmp_path / "tree", "github", ("Dockerfile",)) == ()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"branch-prefix": "slimify"}, "ends with / or -"),
        ({"branch-prefix": "/"}, "ends with / or -"),
        ({"branch-prefix": "a..b/"}, "ends with / or -"),
        ({"limit": 0}, "an integer of at least 1"),
        ({"limit": True}, "an integer of at least 1"),
        ({"per": "file"}, "one of image, repository"),
        ({"labels": "docker"}, "a list of names"),
        ({"base": "-x"}, "a branch name"),
        ({"api-url": "https://me:x@git.example/"}, "must be a URL"),
        ({"draft": "yes"}, "true or false"),
        ({"token": "x"}, 'unknown "token"'),
        (3, "must be a table"),
    ],
)
def test_settings_that_are_wrong(table: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pr.checked(table)


def test_settings() -> None:
    table = {"branch_prefix": "bot/slim-", "reviewers": ["@ann"], "sign-off": True, "base": "release/2"}
    found = pr.requests(pr.checked(table))
    assert (found.branch_prefix, found.reviewers) == ("bot/slim-", ("ann",))
    assert (found.sign_off, found.base, found.limit) == (True, "release/2", 5)


def test_a_path_adds_no_lines_to_a_title() -> None:
    assert "\n" not in names.title(["a\n\nSigned-off-by: x/Dockerfile"], typed=False)


@pytest.mark.parametrize("reference", ["#12", "@ann", "GH-12", "gh-12", "!12"])
def test_a_path_names_nobody_and_closes_nothing(reference: str) -> None:
    title = names.title([f"closes {reference}/Dockerfile"], typed=False)
    assert reference not in title
    assert title.replace("\N{ZERO WIDTH SPACE}", "").endswith(f"closes {reference}/Dockerfile")


def test_titles_of_usual_paths_are_as_they_were() -> None:
    assert names.title(["c#/gh-pages/!important/Dockerfile"], typed=False).isascii()
