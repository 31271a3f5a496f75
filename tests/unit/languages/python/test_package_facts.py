from __future__ import annotations

import pytest

from slimify.languages import LANGUAGES
from slimify.languages.python.package_facts import (
    distributions,
    downloaded_bytes,
    install_compiles,
    normalised,
    packages_leaving,
    pypi,
    script_distributions,
    standard_libraries,
)

PYTHON = LANGUAGES[2]


@pytest.mark.parametrize("name", ["requests", "django-nonesuch"])
def test_unknown_is_the_usual_case(name: str) -> None:
    facts = pypi(name)
    assert facts.imports == (name.replace("-", "_"),)
    assert (facts.wheels, facts.commands, facts.known) == ("all", (), False)


@pytest.mark.parametrize(
    ("name", "imports"),
    [
        ("PyYAML", ("yaml",)),
        ("Pillow", ("PIL",)),
        ("beautifulsoup4", ("bs4",)),
        ("scikit_learn", ("sklearn",)),
        ("opencv-python-headless", ("cv2",)),
        ("python-dateutil", ("dateutil",)),
        ("psycopg2.binary", ("psycopg2",)),
    ],
)
def test_imports(name: str, imports: tuple[str, ...]) -> None:
    assert pypi(name).imports == imports


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("requests", ("requests",)),
        ("yaml", ("pyyaml", "yaml")),
        ("MySQLdb", ("mysqlclient", "mysql-python", "mysqldb")),
        ("PIL", ("pillow", "pillow-simd", "pil")),
    ],
)
def test_distributions_of_a_module(module: str, expected: tuple[str, ...]) -> None:
    assert distributions(module) == expected


def test_scripts() -> None:
    assert script_distributions("gunicorn") == ("gunicorn",)
    assert script_distributions("django-admin") == ("django",)
    assert script_distributions("supervisorctl") == ("supervisor",)
    assert script_distributions("nonesuch") == ()


@pytest.mark.parametrize(
    ("name", "version", "python", "libc", "expected"),
    [
        pytest.param("requests", "2.31.0", "3.12", "glibc", False, id="pure"),
        pytest.param("lxml", None, "3.12", "glibc", False, id="not pinned"),
        pytest.param("lxml", "5.3.0", "3.12", "glibc", False, id="wheel"),
        pytest.param("lxml", "4.6.3", "3.12", "glibc", True, id="older than the interpreter"),
        pytest.param("lxml", "4.6.3", "3.8", "glibc", False, id="older, with its interpreter"),
        pytest.param("lxml", "5.3", "3.13", "glibc", False, id="5.3 is 5.3.0"),
        pytest.param("lxml", "6.1", "3.15", "glibc", None, id="newer interpreter than known"),
        pytest.param("PyYAML", "5.3.1", "3.8", "glibc", True, id="before its first wheel"),
        pytest.param("psycopg2-binary", "2.8.6", "3.10", "glibc", True, id="psycopg2-binary"),
        pytest.param("psycopg2", None, "3.12", "glibc", True, id="never a wheel"),
        pytest.param("rasterio", None, "3.12", "musl", True, id="no wheel for musl"),
        pytest.param("cryptography", "3.4", "3.12", "glibc", False, id="one wheel for all"),
        pytest.param("uvloop", "0.14", "3.12", "glibc", None, id="nothing tells"),
    ],
)
def test_compiles(name: str, version: str | None, python: str, libc: str, expected: bool | None) -> None:
    assert install_compiles(pypi(name), version, python, libc) is expected


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("GitPython", {"git"}),
        ("pdfkit", {"wkhtmltopdf"}),
        ("pytesseract", {"tesseract"}),
        ("pydub", {"ffmpeg"}),
        ("selenium", {"chromedriver"}),
    ],
)
def test_commands(name: str, commands: set[str]) -> None:
    assert commands <= set(pypi(name).commands)


def test_caches_that_run_time_reads() -> None:
    assert "nltk" in packages_leaving("/root/nltk_data")
    assert packages_leaving("/root/.cache") == ()
    assert "playwright" in packages_leaving("/root/.cache/ms-playwright")


def test_tkinter_needs_what_slim_lacks() -> None:
    assert standard_libraries("json") == ()
    assert "tk8.6" in standard_libraries("tkinter")
    assert standard_libraries("MPLBACKEND=Agg") == ()
    assert "tk8.6" in standard_libraries("MPLBACKEND=TkAgg")


def test_names_are_normalised() -> None:
    assert {normalised(name) for name in ("PyYAML", "Ruamel_Yaml", "zope.interface", "a--b")} == {
        *("pyyaml", "ruamel-yaml", "zope-interface", "a-b")
    }
    for section in ("imports", "scripts", "native", "first", "libraries", "commands", "caches"):
        for name in PYTHON.facts("pypi.toml")[section]:
            assert normalised(name) == name
    for name in PYTHON.words("toolchain.toml", "testing", "packages"):
        assert normalised(name.removesuffix("-*")) == name.removesuffix("-*")


@pytest.mark.parametrize(
    ("names", "megabytes"),
    [
        ((), 0),
        (("an-unknown-one",), 1),
        (("Pandas",), 30),
        (("pandas", "numpy"), 30),  # what both bring counts once
        (("torch",), 2995),
    ],
)
def test_what_an_install_downloads(names: tuple[str, ...], megabytes: int) -> None:
    assert downloaded_bytes(names) == megabytes * 10**6


def test_builds_without_cuda_are_small() -> None:
    assert downloaded_bytes(["torch", "flask"], cpu=True) < downloaded_bytes(["torch"]) / 10
