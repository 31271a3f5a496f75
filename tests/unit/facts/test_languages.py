from __future__ import annotations

import re

import pytest

from slimify.facts import load
from slimify.facts.debian import GENERATED
from slimify.facts.languages import (
    bin_packages,
    compiles,
    distributions,
    go_package,
    normalised,
    npm,
    only_builds,
    pypi,
    runtime_packages,
    script_distributions,
    standard_libraries,
)

ALPINE = {  # optional headers that are Alpine's
    *("freetype-dev", "lcms2-dev", "openjpeg-dev", "tiff-dev", "libxcb-dev", "yaml-dev", "gmp-dev"),
    *("pcre-dev", "pcre2-dev", "openssl-dev", "sqlite-dev"),
}


@pytest.mark.parametrize("name", ["requests", "django-nonesuch", "left-pad"])
def test_unknown_is_the_usual_case(name: str) -> None:
    facts = pypi(name)
    assert facts.imports == (name.replace("-", "_"),)
    assert (facts.wheels, facts.commands, facts.caches, facts.known) == ("all", (), (), False)
    assert npm(name).prebuilt is None
    assert npm(name).bins == (name,)


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


# distribution | debian bookworm | debian trixie | alpine 3.20, built where there is no wheel
RUNTIME = """
requests        | - | - | -
lxml            | - | - | -
psycopg2-binary | - | - | -
psycopg2        | libpq5 | libpq5 | libpq
psycopg         | libpq5 | libpq5 | libpq
mysqlclient     | libmariadb3 | libmariadb3 | mariadb-connector-c
python-magic    | libmagic1 | libmagic1t64 | libmagic
python-ldap     | libldap-2.5-0 libsasl2-2 | libldap2 libsasl2-2 | libldap
pycurl          | libcurl4 libssl3 | libcurl4t64 libssl3t64 | libcurl libssl3 libcrypto3
opencv-python   | libgl1 libglib2.0-0 | libgl1 libglib2.0-0t64 | mesa-gl glib
cairosvg        | libcairo2 | libcairo2 | cairo
weasyprint      | libpango-1.0-0 libpangoft2-1.0-0 | libpango-1.0-0 libpangoft2-1.0-0 | pango
lightgbm        | libgomp1 | libgomp1 | libgomp
gdal            | libgdal32 | libgdal36 | libstdc++ gdal
h5py            | - | - | -
"""


@pytest.mark.parametrize("line", RUNTIME.strip().split("\n"), ids=lambda line: line.split()[0])
def test_runtime_packages(line: str) -> None:
    name, *expected = (cell.strip() for cell in line.split("|"))
    facts = pypi(name)
    places = (("debian", "bookworm"), ("debian", "trixie"), ("alpine", "3.20"))
    for (distro, suite), wanted in zip(places, expected, strict=True):
        compiled = facts.wheels == "none"
        found = runtime_packages(facts.native, distro, suite, compiled=compiled)
        assert found == (() if wanted == "-" else tuple(wanted.split()), ())


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
    assert compiles(pypi(name), version, python, libc) is expected


def test_optional_headers_count_where_they_are() -> None:
    native = pypi("uWSGI").native
    assert runtime_packages(native, "debian", "bookworm", compiled=True) == ((), ())
    headers = {"libpcre3-dev", "libxml2-dev"}
    found = runtime_packages(native, "debian", "bookworm", compiled=True, headers=headers)
    assert set(found[0]) == {"libpcre3", "libxml2"}


def test_what_cannot_be_resolved_is_told() -> None:
    assert runtime_packages(pypi("mod-wsgi").native, "centos", None, compiled=True) == ((), ("apache2-dev",))
    assert runtime_packages(pypi("python-magic").native, None, None, compiled=False) == ((), ("magic",))


@pytest.mark.parametrize("suite", GENERATED)
def test_every_library_has_a_package(suite: str) -> None:
    """Each row resolves on Debian, but for vendors' libraries and those that a release lacks."""
    vendors = {"clntsh", "nvidia-ml", "tensorflow", "onnxruntime"}
    absent = {  # headers that a suite lacks, or whose library the metadata do not tell
        "bullseye": {"libdqlite-dev", "libpython3-dev"},
        "bookworm": {"libpython3-dev"},
        "trixie": {"libpython3-dev", "libpcre3-dev", "curl-gnutls"},
    }
    natives = [
        pypi(name).native for section in ("native", "libraries") for name in load("pypi.toml")[section]
    ]
    natives += [npm(name).native for name in load("npm.toml")["native"]] + [npm("playwright").native]
    natives += [go_package(path).native for path in load("go.toml")["cgo"]]
    for native in natives:
        headers = {name for name in native.optional if name not in native.alpine} - ALPINE
        _, unknown = runtime_packages(native, "debian", suite, compiled=True, headers=headers)
        assert set(unknown) <= vendors | absent[suite]


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
    assert "~/nltk_data" in pypi("nltk").caches
    assert pypi("playwright").caches == ("~/.cache/ms-playwright",)
    assert npm("puppeteer").caches == ("~/.cache/puppeteer",)


def test_tkinter_needs_what_slim_lacks() -> None:
    assert standard_libraries("json") == ()
    assert "tk8.6" in standard_libraries("tkinter")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("left-pad", ("left-pad",)),
        ("ng", ("@angular/cli", "ng")),
        ("nest", ("@nestjs/cli", "nest")),
        ("run-p", ("npm-run-all", "npm-run-all2", "run-p")),
        ("pm2-runtime", ("pm2", "pm2-runtime")),
        ("vue-cli-service", ("@vue/cli-service", "vue-cli-service")),
    ],
)
def test_packages_of_a_command(command: str, expected: tuple[str, ...]) -> None:
    assert bin_packages(command) == expected


def test_builders() -> None:
    assert all(only_builds(command) for command in ("tsc", "webpack", "jest"))
    assert not any(only_builds(command) for command in ("node", "next", "vite", "ts-node", "serve"))


def test_node_natives() -> None:
    assert npm("sharp").prebuilt == "package"
    assert npm("canvas").prebuilt == "download"
    assert not npm("canvas").musl
    assert npm("prisma").commands == ("openssl",)
    assert runtime_packages(npm("pg-native").native, "debian", "bookworm", compiled=True)[0] == ("libpq5",)
    browser = runtime_packages(npm("puppeteer").native, "debian", "trixie", compiled=False)
    assert {"libnss3", "libasound2t64", "libgbm1"} <= set(browser[0])
    assert browser[1] == ()


@pytest.mark.parametrize(
    ("path", "cgo"),
    [
        ("net/http", "no"),
        ("github.com/gin-gonic/gin", "no"),
        ("modernc.org/sqlite", "no"),
        ("github.com/google/gopacket", "no"),
        ("net", "optional"),
        ("github.com/google/gopacket/pcap", "always"),
        ("github.com/mattn/go-sqlite3", "always"),
        ("github.com/confluentinc/confluent-kafka-go/v2/kafka", "always"),
        ("fyne.io/fyne/v2/app", "always"),
    ],
)
def test_cgo(path: str, cgo: str) -> None:
    assert go_package(path).cgo == cgo


def test_go_commands_and_files() -> None:
    assert go_package("github.com/chromedp/chromedp").commands == ("chromium",)
    assert go_package("github.com/golang-migrate/migrate/v4/source/file").files == ("migrations",)
    assert go_package("github.com/golang-migrate/migrate/v4").files == ()


def test_names_are_normalised() -> None:
    assert {normalised(name) for name in ("PyYAML", "Ruamel_Yaml", "zope.interface", "a--b")} == {
        *("pyyaml", "ruamel-yaml", "zope-interface", "a-b")
    }
    for section in ("imports", "scripts", "native", "first", "libraries", "commands", "caches"):
        for name in load("pypi.toml")[section]:
            assert normalised(name) == name
    for name in load("pypi.toml")["development"]["names"]:
        assert normalised(name) == name


def test_npm_names() -> None:
    for section in ("bins", "native", "commands", "caches"):
        for name in load("npm.toml")[section]:
            assert re.fullmatch(r"(?:@[a-z0-9.-]+/)?[a-z0-9._-]+", name), name
