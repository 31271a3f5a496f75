from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from slimify.facts import load
from slimify.facts.alpine import alpine_command, alpine_counterparts, alpine_package, busybox_commands
from slimify.facts.debian import (
    GENERATED,
    counterparts,
    debian_command,
    debian_package,
    library_package,
    older_name,
    policy_soname,
)
from slimify.facts.packages import package_facts, soname_package
from slimify.facts.recommends import brought_along

# name | buster | bullseye | bookworm | trixie; `-` for nothing, `?` for not known
COUNTERPARTS = """
curl                        | ? | ? | ? | ?
somebodys-own-dev           | ? | ? | ? | ?
build-essential             | - | - | - | -
cmake                       | - | - | - | -
gcc-9                       | - | - | - | -
python3.9-dev               | python3.9 | python3.9 | python3.9 | python3.9
openjdk-17-jdk | openjdk-17-jre | openjdk-17-jre | openjdk-17-jre | openjdk-17-jre
libeigen3-dev               | - | - | - | -
libpq-dev                   | libpq5 | libpq5 | libpq5 | libpq5
libssl-dev                  | libssl1.1 | libssl1.1 | libssl3 | libssl3t64
libffi-dev                  | libffi6 | libffi7 | libffi8 | libffi8
default-libmysqlclient-dev  | libmariadb3 | libmariadb3 | libmariadb3 | libmariadb3
libxml2-dev                 | libxml2 | libxml2 | libxml2 | libxml2
libxslt1-dev                | libxslt1.1 | libxslt1.1 | libxslt1.1 | libxslt1.1
libjpeg-dev                 | libjpeg62-turbo | libjpeg62-turbo | libjpeg62-turbo | libjpeg62-turbo
libmagic-dev                | libmagic1 | libmagic1 | libmagic1 | libmagic1t64
libldap2-dev                | libldap-2.4-2 | libldap-2.4-2 | libldap-2.5-0 | libldap2
libgdal-dev                 | libgdal20 | libgdal28 | libgdal32 | libgdal36
libgeos-dev                 | libgeos-c1v5 | libgeos-c1v5 | libgeos-c1v5 | libgeos-c1t64
libcurl4-openssl-dev        | libcurl4 | libcurl4 | libcurl4 | libcurl4t64
libicu-dev                  | libicu63 | libicu67 | libicu72 | libicu76
libev-dev                   | libev4 | libev4 | libev4 | libev4t64
libcups2-dev | ? | libcups2 libcupsimage2 | libcups2 libcupsimage2 | libcups2t64 libcupsimage2t64
zlib1g-dev                  | zlib1g | zlib1g | zlib1g | zlib1g
python3-dev                 | python3 | python3 | python3 | python3
"""
TABLE = [[cell.strip() for cell in line.split("|")] for line in COUNTERPARTS.strip().split("\n")]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_debian_counterparts(row: list[str]) -> None:
    for suite, expected in zip(("buster", "bullseye", "bookworm", "trixie"), row[1:], strict=True):
        wanted = None if expected == "?" else () if expected == "-" else tuple(expected.split())
        assert counterparts(row[0], suite) == wanted, suite


@pytest.mark.parametrize("suite", GENERATED)
def test_headers_of_others_that_come_along(suite: str) -> None:
    """`pkg-config --libs opencv4` names the libraries of every module."""
    found = {re.sub(r"[\d.]+\Z", "", name) for name in counterparts("libopencv-dev", suite) or ()}
    modules = ("core", "imgproc", "photo", "stitching", "superres", "videostab", "viz")
    assert {f"libopencv-{module}" for module in modules} <= found


@pytest.mark.parametrize(
    ("name", "suite", "expected"),
    [
        ("libssl-dev", "jammy", ("libssl3",)),
        ("libssl-dev", "noble", ("libssl3t64",)),
        ("libffi-dev", "focal", ("libffi7",)),
        ("libjpeg-dev", "jammy", ("libjpeg-turbo8",)),
        ("default-libmysqlclient-dev", "jammy", ("libmysqlclient21",)),
        ("libmysqlclient-dev", "trusty", ("libmysqlclient18",)),
        ("gfortran", "bionic", ("libgfortran4",)),
        ("libffi-dev", "lunar", None),  # nobody looked at that release
        ("libpcre3-dev", "xenial", ("libpcre3",)),  # the same in every release
        ("libzmq3-dev", "focal", ("libzmq5",)),  # the same before and after
        ("libmemcached-dev", "focal", ("libmemcached11",)),  # what both have
        ("libgit2-dev", "jammy", ("libgit2-1.1",)),  # its own row
        ("libprotobuf-dev", "xenial", None),  # nothing is known of a release before it
        ("libspatialindex-dev", "bionic", None),  # another one before it than after it
        ("libclamav-dev", "jammy", None),
        ("libssl-dev", None, None),  # depends on the release
        ("libpq-dev", None, ("libpq5",)),
    ],
)
def test_counterparts_elsewhere(name: str, suite: str | None, expected: tuple[str, ...] | None) -> None:
    assert counterparts(name, suite) == expected


def existing(suite: str) -> set[str]:
    """Every package name that the suite's table vouches for."""
    table = load(f"debian-{suite}.json")
    names = {name for names in table["images"].values() for name in names.split()}
    return names | table["programs"].keys() | table["libraries"].keys() | table["counterparts"].keys()


@pytest.mark.parametrize("suite", GENERATED)
def test_counterparts_by_hand_exist(suite: str) -> None:
    known = existing(suite)
    for name in load("packages-debian.toml")["counterparts"]["all"]:
        for package in counterparts(name, suite) or ():
            assert package in known, f"{name}: {package} is not in {suite}"


@pytest.mark.parametrize("suite", GENERATED)
def test_generated_counterparts_are_no_build_packages(suite: str) -> None:
    for name in load(f"debian-{suite}.json")["counterparts"]:
        for package in counterparts(name, suite) or ():
            assert debian_package(package, suite).kind not in ("build", "fetch"), f"{name}: {package}"


@pytest.mark.parametrize("suite", GENERATED)
def test_enough_counterparts(suite: str) -> None:
    assert len(load(f"debian-{suite}.json")["counterparts"]) > 4000


@pytest.mark.parametrize("suite", GENERATED)
def test_packages_for_commands_exist(suite: str) -> None:
    known = existing(suite)
    for command in load("packages-debian.toml")["commands"]:
        assert debian_command(command, suite) in known | {None}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ca-certificates", "run"),
        ("tzdata", "run"),
        ("nonesuch", "unknown"),
        ("libfoo7", "run"),
        ("fonts-noto-mono", "run"),
        ("gcc", "build"),
        ("gcc-12", "build"),
        ("libfoo-dev", "build"),
        ("linux-headers-6.1.0-18-amd64", "build"),
        ("cmake", "build"),
        ("git", "fetch"),
        ("xz-utils", "fetch"),
        ("vim", "tool"),
        ("netcat", "tool"),
    ],
)
def test_kind(name: str, kind: str) -> None:
    assert debian_package(name, "bookworm").kind == kind


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("git", {"git"}),
        ("imagemagick", {"convert", "identify"}),
        ("postgresql-client", {"psql", "pg_dump"}),
        ("ffmpeg", {"ffmpeg", "ffprobe"}),
        ("procps", {"ps", "top", "free"}),
        ("nginx", {"nginx"}),
        ("build-essential", {"gcc", "g++", "make"}),
    ],
)
def test_commands_of_a_package(name: str, commands: set[str]) -> None:
    assert commands <= set(debian_package(name, "bookworm").commands)


@pytest.mark.parametrize(
    ("command", "distro", "package"),
    [
        ("nonesuch", "debian", None),
        ("ls", "alpine", None),  # busybox
        ("git", "debian", "git"),
        ("ps", "debian", "procps"),
        ("psql", "debian", "postgresql-client"),
        ("convert", "debian", "imagemagick"),
        ("nc", "debian", "netcat-openbsd"),
        ("python3", "debian", "python3"),
        ("find", "debian", "findutils"),
        ("dot", "debian", "graphviz"),
        ("git", "alpine", "git"),
        ("psql", "alpine", "postgresql-client"),
        ("useradd", "alpine", "shadow"),
        ("ffprobe", "alpine", "ffmpeg"),
    ],
)
def test_package_of_a_command(command: str, distro: str, package: str | None) -> None:
    found = debian_command(command, "bookworm") if distro == "debian" else alpine_command(command)
    assert found == package


@pytest.mark.parametrize(
    ("suite", "package"),
    [("buster", "mime-support"), ("focal", "mime-support"), ("jammy", "media-types"), (None, "media-types")],
)
def test_packages_that_older_releases_name_otherwise(suite: str | None, package: str) -> None:
    assert older_name("tzdata", suite) == "tzdata"
    assert older_name("media-types", suite) == package
    brought = brought_along("python3", suite, recommended=False) & {"media-types", "mime-support"}
    assert brought <= {package}


def test_what_a_release_dropped_has_no_package() -> None:
    assert debian_command("wkhtmltopdf", "bookworm") == "wkhtmltopdf"
    assert debian_command("wkhtmltopdf", "trixie") is None
    assert debian_command("dig", "bullseye") == "dnsutils"
    assert debian_command("dig", "trixie") == "bind9-dnsutils"


@pytest.mark.parametrize(
    ("library", "suite", "package"),
    [
        ("libnonesuch.so.1", "trixie", None),
        ("libssl.so.3", "bullseye", None),
        ("libmagic.so.1", "bookworm", "libmagic1"),
        ("magic", "trixie", "libmagic1t64"),
        ("libpq.so.5", "trixie", "libpq5"),
        ("libGL.so.1", "bookworm", "libgl1"),
        ("gobject-2.0", "bookworm", "libglib2.0-0"),
        ("libgomp.so.1", "trixie", "libgomp1"),
        ("libffi.so.6", "buster", None),  # only what the nearest table has
        ("ffi", "buster", "libffi6"),
        ("magic", "noble", "libmagic1t64"),
    ],
)
def test_library_package(library: str, suite: str, package: str | None) -> None:
    assert library_package(library, suite) == package


def test_policy_for_names() -> None:
    assert policy_soname("libpq5") == "libpq.so.5"
    assert policy_soname("libssl3t64") == "libssl.so.3"
    assert policy_soname("libboost-system1.74.0") == "libboost-system.so.1.74.0"
    assert policy_soname("curl") is None


@pytest.mark.parametrize(
    ("name", "release", "expected"),
    [
        ("curl", "3.20", None),
        ("somebodys-own-dev", "3.20", None),
        ("musl-dev", "3.20", ()),
        ("postgresql-dev", "3.20", ("libpq",)),
        ("openssl-dev", "3.8", ("libssl1.0", "libcrypto1.0")),
        ("openssl-dev", "3.16", ("libssl1.1", "libcrypto1.1")),
        ("openssl-dev", "3.20", ("libssl3", "libcrypto3")),
        ("openssl-dev", None, ("libssl3", "libcrypto3")),
        ("mariadb-dev", "3.4", ("mariadb-client-libs",)),
        ("mariadb-dev", "3.20", ("mariadb-connector-c",)),
        ("build-base", "3.20", ("libstdc++",)),
        ("file-dev", "3.20", ("libmagic",)),
        ("gmp-dev", "3.20", ("gmp", "libgmpxx")),
        ("libwebp-dev", "3.17", ("libwebp",)),
        ("libwebp-dev", "3.18", ("libwebp", "libwebpmux", "libwebpdemux", "libwebpdecoder", "libsharpyuv")),
        ("vips-dev", "3.16", ("vips",)),
        ("vips-dev", "3.17", ("vips", "vips-cpp")),
    ],
)
def test_alpine_counterparts(name: str, release: str | None, expected: tuple[str, ...] | None) -> None:
    assert alpine_counterparts(name, release) == expected


def test_alpine_kinds_and_commands() -> None:
    assert alpine_package("postgresql-dev", "3.20").kind == "build"
    assert alpine_package("py3-yaml", "3.20").kind == "run"
    assert alpine_package("git", "3.20").commands == ("git",)
    assert alpine_package("make", "3.20").commands == ("make",)
    assert alpine_package("samurai", "3.20").commands == ("ninja", "samu")
    assert alpine_package("musl-dev", "3.20").commands == ()
    assert alpine_package("nonesuch", "3.20").kind == "unknown"
    assert {"wget", "nc", "vi", "unzip", "tar", "sh"} <= busybox_commands()
    assert not {"curl", "bash", "git", "openssl"} & busybox_commands()
    assert soname_package("libmagic.so.1", "alpine", "3.20") == "libmagic"


def test_other_distributions_are_unknown() -> None:
    facts = package_facts("gcc", "centos", None)
    assert (facts.kind, facts.counterparts) == ("unknown", None)


@pytest.mark.parametrize("name", ["packages-debian.toml", "packages-alpine.toml"])
def test_hand_rows_are_names(name: str) -> None:
    rows = load(name)
    for kinds in rows["kinds"].values():
        assert len(set(kinds)) == len(kinds)
        assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9+.-]*", package) for package in kinds)
    listed = [package for kinds in rows["kinds"].values() for package in kinds]
    assert len(set(listed)) == len(listed), "a package is of one kind"


def _rows() -> Iterator[tuple[str, object]]:
    for file in ("packages-debian.toml", "packages-alpine.toml"):
        tables = [load(file)["counterparts"]]
        while tables:
            table = tables.pop()
            tables += [value for value in table.values() if isinstance(value, dict) and "" not in value]
            yield from ((name, value) for name, value in table.items() if name)


def test_names_with_a_dot_are_one_name() -> None:
    """A key without quotation marks would be a table in a table."""
    names = {name for name, _ in _rows()}
    assert {"libpango1.0-dev", "libglib2.0-dev", "libusb-1.0-0-dev"} <= names
    assert not {name for name in names if name[0].isdigit() and name.endswith("-dev")}


@pytest.mark.parametrize(
    ("name", "suite", "expected"),
    [
        ("libpango1.0-dev", "buster", ("libpango-1.0-0", "libpangocairo-1.0-0")),
        ("libglib2.0-dev", "stretch", ("libglib2.0-0",)),
        ("libgdk-pixbuf2.0-dev", "jammy", ("libgdk-pixbuf-2.0-0",)),
        ("libcairo2-dev", "buster", ("libcairo2",)),
    ],
)
def test_counterparts_in_releases_without_a_table(name: str, suite: str, expected: tuple[str, ...]) -> None:
    assert counterparts(name, suite) == expected
