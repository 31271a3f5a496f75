from __future__ import annotations

import pytest

from slimify.facts.debian import GENERATED
from slimify.facts.native import runtime_packages
from slimify.languages import LANGUAGES
from slimify.languages.go.package_facts import go_package
from slimify.languages.node.package_facts import npm
from slimify.languages.python.package_facts import (
    pypi,
)

GO, NODE, PYTHON = LANGUAGES


ALPINE = {  # optional headers that are Alpine's
    *("freetype-dev", "lcms2-dev", "openjpeg-dev", "tiff-dev", "libxcb-dev", "yaml-dev", "gmp-dev"),
    *("pcre-dev", "pcre2-dev", "openssl-dev", "sqlite-dev"),
}


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
    ("name", "named", "wanted"),
    [
        ("canvas", (), False),
        ("canvas", ("g++",), False),  # somebody else needs it
        ("canvas", ("libcairo2-dev",), True),
        ("@napi-rs/canvas", ("libcairo2-dev",), False),  # its package has the program
    ],
)
def test_what_is_downloaded_may_be_compiled_for_other_platforms(
    name: str, named: tuple[str, ...], wanted: bool
) -> None:
    found, _ = runtime_packages(npm(name).native, "debian", "bookworm", compiled=False, named=named)
    assert ("librsvg2-2" in found) is wanted


def test_typelibs_come_with_headers() -> None:
    headers = ("gcc", "libgtk-3-dev")
    found = runtime_packages(pypi("PyGObject").native, "debian", "trixie", compiled=False, headers=headers)
    assert found == (("gir1.2-gtk-3.0",), ())
    others = runtime_packages(pypi("pycairo").native, "debian", "trixie", compiled=False, headers=headers)
    assert others == ((), ())


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
        pypi(name).native
        for section in ("native", "libraries")
        for name in PYTHON.facts("pypi.toml")[section]
    ]
    natives += [npm(name).native for name in NODE.facts("npm.toml")["native"]] + [npm("playwright").native]
    natives += [go_package(path).native for path in GO.facts("go.toml")["cgo"]]
    for native in natives:
        headers = {name for name in native.optional if name not in native.alpine} - ALPINE
        _, unknown = runtime_packages(native, "debian", suite, compiled=True, headers=headers)
        assert set(unknown) <= vendors | absent[suite]
