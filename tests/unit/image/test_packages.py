"""Package databases of dpkg, distroless images and apk, also against the package managers."""

from __future__ import annotations

import io
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import slowness

from slimify.image.archive import read as read_image
from slimify.image.layer import ReadOptions
from slimify.image.packages import is_database, read

STATUS = b"""Package: libpq5
Status: install ok installed
Priority: optional
Installed-Size: 853
Architecture: amd64
Multi-Arch: same
Source: postgresql-15 (15.1)
Version: 15.13-0+deb12u1
Depends: libc6 (>= 2.34),
 libssl3 (>= 3.0.0)
Pre-Depends: dpkg (>= 1)
Description: library
 Depends: not this
 .
 nor Version: this

Package: gone
Status: deinstall ok config-files
Version: 1

Package: waiting
Status: install ok triggers-pending
Version: 2
Essential: yes
Provides: virtual, other (= 1)

Package: half
Version: 3
"""
DPKG = {
    "/var/lib/dpkg/status": STATUS,
    "/var/lib/dpkg/info/libpq5:amd64.list": (
        b"/.\n/usr\n/usr/lib\n/usr/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu/libpq.so.5.15\n"
        b"/usr/share\n/usr/share/doc\n/usr/share/doc/libpq5\n/usr/share/doc/libpq5/copyright\n"
        b"/usr/lib/x86_64-linux-gnu/libpq.so.5\n"
    ),
    "/var/lib/dpkg/info/waiting.list": b"/.\n/lib\n/lib/waiting.ko\n/bin\n/bin/wait\n",
    "/var/lib/dpkg/info/gone.list": b"/etc/gone\n",
}
APK = b"""C:Q1abc=
P:musl
V:1.2.5-r0
A:x86_64
S:383152
I:622592
o:musl-src
D:
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
R:libc.musl-x86_64.so.1
F:usr/share/x
R:y
F:
R:top

P:busybox
V:1.36.1-r29
A:x86_64
I:946176
D:so:libc.musl-x86_64.so.1 other>1
p:/bin/sh cmd:busybox=1.36.1-r29
F:bin
R:busybox
"""


def test_no_database() -> None:
    assert read({}).installed == ()
    assert read({}).owner_of("/bin/sh") is None


def test_dpkg() -> None:
    packages = read(DPKG)
    assert [(p.name, p.version, p.manager) for p in packages.installed] == [
        ("libpq5", "15.13-0+deb12u1", "dpkg"),
        ("waiting", "2", "dpkg"),
    ]
    found, waiting = packages.installed
    assert found.size == 853 * 1024
    assert found.depends == ("dpkg (>= 1)", "libc6 (>= 2.34)", "libssl3 (>= 3.0.0)")
    assert found.files == (
        "/usr/lib/x86_64-linux-gnu/libpq.so.5.15",
        "/usr/share/doc/libpq5/copyright",
        "/usr/lib/x86_64-linux-gnu/libpq.so.5",
    )
    assert (waiting.essential, waiting.provides) == (True, ("virtual", "other (= 1)"))
    assert packages.get("waiting") is waiting
    assert packages.get("gone") is None


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/usr/lib/x86_64-linux-gnu/libpq.so.5", "libpq5"),
        ("/lib/x86_64-linux-gnu/libpq.so.5", "libpq5"),
        ("/usr/lib/waiting.ko", "waiting"),
        ("/bin/wait", "waiting"),
        ("/usr/bin/wait", "waiting"),
        ("/usr/local/bin/wait", ""),
        ("/usr/usr/bin/wait", ""),
        ("/etc/gone", ""),
        ("/usr/share/doc", ""),
    ],
)
def test_owners_with_merged_usr(path: str, owner: str) -> None:
    found = read(DPKG).owner_of(path)
    assert (found.name if found else "") == owner


def test_distroless() -> None:
    packages = read(
        {
            "/var/lib/dpkg/status.d/libc6": b"Package: libc6\nVersion: 2.36\nInstalled-Size: 9\n",
            "/var/lib/dpkg/status.d/libc6.md5sums": (
                b"d41d8cd98f00b204e9800998ecf8427e  lib/x86_64-linux-gnu/libc.so.6\n"
                b"d41d8cd98f00b204e9800998ecf8427e  ./usr/share/a b\nbroken\n"
            ),
        }
    )
    assert [(p.name, p.version, p.size) for p in packages.installed] == [("libc6", "2.36", 9216)]
    assert packages.installed[0].files == ("/lib/x86_64-linux-gnu/libc.so.6", "/usr/share/a b")
    found = packages.library_owner("libc.so.6")
    assert found is packages.installed[0]


@pytest.mark.parametrize("path", ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"])
def test_apk(path: str) -> None:
    packages = read({path: APK})
    assert [(p.name, p.version, p.size) for p in packages.installed] == [
        ("musl", "1.2.5-r0", 622592),
        ("busybox", "1.36.1-r29", 946176),
    ]
    musl, busybox = packages.installed
    assert musl.files == ("/lib/ld-musl-x86_64.so.1", "/lib/libc.musl-x86_64.so.1", "/usr/share/x/y", "/top")
    assert busybox.depends == ("so:libc.musl-x86_64.so.1", "other>1")
    assert packages.owner_of("/usr/bin/busybox") is busybox
    assert packages.closure([]) == packages.closure(["gone"]) == frozenset()
    assert packages.closure(["busybox"]) == {"busybox", "musl"}


def test_library_owner() -> None:
    packages = read(DPKG | {"/lib/apk/db/installed": APK + b"\nP:virtual\nV:1\np:so:libvirtual.so.2=2\n"})
    names = [
        "libpq.so.5",
        "libpq.so.5.15",
        "libc.musl-x86_64.so.1",
        "libvirtual.so.2",
        "libnone.so",
        "copyright",
    ]
    found = [packages.library_owner(name) for name in names]
    assert [p.name if p else "" for p in found] == ["libpq5", "libpq5", "musl", "virtual", "", ""]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/var/lib/dpkg/status", True),
        ("/var/lib/dpkg/status-old", False),
        ("/var/lib/dpkg/status.d/libc6", True),
        ("/var/lib/dpkg/status.d/libc6.md5sums", True),
        ("/var/lib/dpkg/info/libc6:amd64.list", True),
        ("/var/lib/dpkg/info/libc6:amd64.md5sums", False),
        ("/var/lib/dpkg/available", False),
        ("/lib/apk/db/installed", True),
        ("/usr/lib/apk/db/installed", True),
        ("/lib/apk/db/scripts.tar", False),
        ("/srv/var/lib/dpkg/status", False),
    ],
)
def test_is_database(path: str, wanted: bool) -> None:
    assert is_database(path) is wanted


lines = st.lists(
    st.sampled_from(STATUS.split(b"\n") + APK.split(b"\n") + [b":", b" ", b"\xff: \xfe", b""]), max_size=30
)


@given(lines.map(b"\n".join), st.sampled_from(["/var/lib/dpkg/status", "/lib/apk/db/installed"]))
def test_malformed_entries_are_skipped(data: bytes, path: str) -> None:
    for package in read({**DPKG, path: data}).installed:
        assert package.name


@pytest.mark.engine
def test_agrees_with_dpkg() -> None:
    name = "python:3.12-slim"
    saved = subprocess.run(["docker", "save", name], capture_output=True, check=True).stdout
    packages = read(read_image(io.BytesIO(saved), ReadOptions(keep=is_database)).contents)
    form = "${Package} ${Version} ${Installed-Size}\\n"
    command = ["docker", "run", "--rm", "--network", "none", name]
    shown = subprocess.run(
        [*command, "dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True
    )
    found = [f"{p.name} {p.version} {p.size // 1024}" for p in packages.installed]
    assert sorted(found) == sorted(shown.stdout.splitlines())
    paths = sorted(path for package in packages.installed for path in package.files)[::40]
    owners = subprocess.run(
        [*command, "dpkg", "-S", *paths], capture_output=True, text=True, check=True
    ).stdout
    for line in owners.splitlines():
        if line.startswith("diversion"):
            continue
        names, _, path = line.rpartition(": ")
        owner = packages.owner_of(path)
        assert owner is not None
        assert owner.name in {item.strip().partition(":")[0] for item in names.split(",")}, line


PLACE = "/var/lib/dpkg/status"


def test_a_database_that_makes_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Continued lines, and packages that all require what all provide: once quadratic, and worse."""
    start = time.process_time()
    long = b"Package: a\nStatus: install ok installed\nDepends: x\n" + b" a,\n" * 200_000
    assert len(read({PLACE: long}).installed[0].depends) == 200_000
    one = b"Package: p%d\nStatus: install ok installed\nProvides: v\nDepends: " + b"v," * 500 + b"v\n\n"
    packages = read({PLACE: b"".join(one % number for number in range(1000))})
    assert packages.closure(("p0",)) < {package.name for package in packages.installed}
    assert time.process_time() - start < 10 * slowness()
    monkeypatch.setattr("slimify.image.packages._MOST_INSTALLED", 10)
    assert len(read({PLACE: b"".join(one % number for number in range(1000))}).installed) == 10
