"""Settings: where they are found, what they may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.config import MinSaving, Options, concerns, load, parse_min_saving
from slimify.model.errors import SlimifyError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("0", (0, 0), id="no floor"),
        pytest.param("5%", (5, 0), id="share"),
        pytest.param("2.5%", (2.5, 0), id="fraction"),
        pytest.param("20MB", (0, 20_000_000), id="decimal"),
        pytest.param("20 MiB", (0, 20 * 2**20), id="binary"),
        pytest.param("1.5gb", (0, 1_500_000_000), id="lower case"),
        pytest.param("5%, 5MB", (5, 5_000_000), id="both"),
        pytest.param("5MB,5%", (5, 5_000_000), id="both, other way round"),
    ],
)
def test_min_saving(text: str, expected: tuple[float, int]) -> None:
    assert parse_min_saving(text) == MinSaving(percent=expected[0], bytes=expected[1])


@pytest.mark.parametrize("text", ["", "much", "5 apples", "-1MB", "101%", "-1%", "%", "nan%", "5%,"])
def test_no_min_saving(text: str) -> None:
    with pytest.raises(ValueError, match='"'):
        parse_min_saving(text)


@pytest.mark.parametrize(
    ("original", "floor"),
    [(0, 5_000_000), (100_000_000, 5_000_000), (1_000_000_000, 50_000_000)],
)
def test_floor_is_the_larger(original: int, floor: int) -> None:
    assert MinSaving().floor(original) == floor


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository inside a directory with settings that are none of its business."""
    (tmp_path / "slimify.toml").write_text('base = "same"\n')
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    (root / "services" / "web").mkdir(parents=True)
    return root


def test_none(project: Path) -> None:
    assert load(project / "services" / "web") == Options()


def test_nearest_wins(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.slimify]\nbase = "slim"\n')
    assert load(project / "services" / "web").base == "slim"
    nearer = project / "services" / "slimify.toml"
    nearer.write_text("annotate = true\n")
    assert load(project / "services" / "web") == Options(annotate=True, settings=str(nearer))


@pytest.mark.parametrize("text", ["", "[tool.black]\n", "not toml [", "[tool]\nslimify-like = 1\n"])
def test_a_pyproject_that_says_nothing_to_us(project: Path, text: str) -> None:
    (project / "slimify.toml").write_text('base = "slim"\n')
    (project / "services" / "pyproject.toml").write_text(text)
    assert load(project / "services").base == "slim"


def test_everything(project: Path) -> None:
    (project / "slimify.toml").write_text(
        'base = "minimal"\nmin-saving = ["10%", "1MB"]\nannotate = true\n'
        'keep-packages = ["git"]\n[build-args]\nPORT = 80\nNAME = "x"\n'
    )
    assert load(project) == Options(
        base="minimal",
        min_saving=MinSaving(percent=10, bytes=1_000_000),
        annotate=True,
        keep_packages=("git",),
        build_args={"PORT": "80", "NAME": "x"},
        settings=str(project / "slimify.toml"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("base = 1", "base"),
        ('base = "tiny"', "must be one of auto, minimal, slim, same"),
        ("bsae = 1", 'unknown setting "bsae"'),
        ("bases = 1", "table of names"),
        ('bases = { "a/*" = "b" }', "same number of"),
        ('bases = { "a b" = "c" }', "must be names of images"),
        ('bases = { "a@sha256:1" = "c" }', "digest"),
        ('templates = "/etc"', "relative to this file"),
        ('templates = ".."', "outside the repository"),
        ('templates = "nothing"', "not a directory"),
        ("files = 1", "table of tables"),
        ('[files."a"]\nbsae = 1', "unknown setting"),
        ('[files."a"]\nprobes = {}', '"probes" is not allowed in "files"'),
        ("annotate = 1", "must be true or false"),
        ('keep-packages = "git"', "list of strings"),
        ("keep-packages = [1]", "list of strings"),
        ("build-args = 1", "table of strings"),
        ('keep-paths = ["data"]', "absolute paths"),
        ('keep-paths = ["/"]', "absolute paths"),
        ('keep-paths = ["/a/../b"]', "absolute paths"),
        ('keep-paths = ["/a/*"]', "absolute paths"),
        ('builder = "img"', "must be one of buildkit, kaniko, buildah, legacy"),
        ("nonroot = 1", "must be true or false"),
        ('min-saving = "much"', '"much" is neither'),
        ("min-saving = true", "must be a string"),
        ("not toml [", "cannot read"),
    ],
)
def test_wrong(project: Path, text: str, message: str) -> None:
    (project / "slimify.toml").write_text(text)
    with pytest.raises(SlimifyError, match=message) as caught:
        load(project)
    assert caught.value.code == "SL904"
    assert "slimify.toml" in caught.value.message


def test_what_is_said_about_files_comes_on_top(project: Path) -> None:
    (project / "slimify.toml").write_text(
        'base = "slim"\nkeep-packages = ["git"]\nbuild-args = { A = "1", B = "1" }\n'
        '[files."services/*"]\nkeep-packages = ["git", "curl"]\n'
        '[files."services/web/Dockerfile"]\nbase = "same"\nbuild-args = { B = "2" }\n'
    )
    web = project / "services" / "web"
    assert load(web, web / "Dockerfile") == Options(
        base="same",
        keep_packages=("git", "curl"),
        build_args={"A": "1", "B": "2"},
        settings=str(project / "slimify.toml"),
    )
    assert load(project, project / "Dockerfile").keep_packages == ("git",)


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("services/*/Dockerfile", "services/web/Dockerfile", True),
        ("services/*/Dockerfile", "services/a/b/Dockerfile", False),
        ("services/**/Dockerfile", "services/a/b/Dockerfile", True),
        ("services/**/Dockerfile", "services/Dockerfile", True),
        ("services/web", "services/web/deep/Dockerfile", True),
        ("./services/web/", "services/web/Dockerfile", True),
        ("services/web", "services/website/Dockerfile", False),
        ("worker.Dockerfile", "jobs/worker.Dockerfile", True),
        ("Dockerfile.?", "Dockerfile.a", True),
        ("web", "services/web/Dockerfile", False),
        ("*", "Dockerfile", True),
    ],
)
def test_which_files(pattern: str, name: str, expected: bool) -> None:
    assert concerns(pattern, name) is expected
