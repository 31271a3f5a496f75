"""Base images and packages as the simulation knows them: only what generated projects use and ask for.

Sources: packages.debian.org (bookworm and trixie), the Dockerfiles of docker-library (2026-08).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from tools.generator.simulation.files import Files, Missing, Node
from tools.generator.simulation.shell import program

_LIB = "/usr/lib/x86_64-linux-gnu"


@dataclass(frozen=True)
class Package:
    """`files` are programs and libraries; `needs` come along, and apt asks before it adds them."""

    files: tuple[str, ...]
    needs: tuple[str, ...] = ()


def _program(*names: str, needs: tuple[str, ...] = ()) -> Package:
    return Package(tuple(f"/usr/bin/{name}" for name in names), needs)


def _library(*names: str, needs: tuple[str, ...] = ()) -> Package:
    return Package(tuple(f"{_LIB}/{name}" for name in names), needs)


DEBIAN: dict[str, Package] = {
    "ca-certificates": Package(
        ("/etc/ssl/certs/ca-certificates.crt", "/usr/sbin/update-ca-certificates"), ("openssl",)
    ),
    "openssl": _program("openssl"),
    "curl": _program("curl", needs=("libcurl4",)),
    "libcurl4": _library("libcurl.so.4"),
    "wget": _program("wget"),
    "git": _program("git", needs=("libcurl3-gnutls", "perl")),
    "libcurl3-gnutls": _library("libcurl-gnutls.so.4"),
    "perl": _program("perl"),
    "make": _program("make"),
    "gcc": _program("gcc", "cc", needs=("libc6-dev", "libgomp1")),
    "libc6-dev": _library("libc.a"),
    "libgomp1": _library("libgomp.so.1"),
    "media-types": Package(("/etc/mime.types",)),
    "fonts-dejavu-core": Package(("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",)),
    "g++": _program("g++", needs=("gcc",)),
    "build-essential": Package((), ("gcc", "g++", "make")),
    "pkg-config": _program("pkg-config"),
    "pkgconf": _program("pkgconf"),
    "unzip": _program("unzip"),
    "file": _program("file", needs=("libmagic1",)),
    "libmagic1": _library("libmagic.so.1", needs=("libmagic-mgc",)),
    "libmagic-mgc": Package(("/usr/lib/file/magic.mgc",)),
    "libpq-dev": _library("libpq.a", needs=("libpq5",)),
    "libpq5": _library("libpq.so.5"),
    "libxslt1-dev": _library("libxslt.a", needs=("libxslt1.1",)),
    "libxslt1.1": _library("libxslt.so.1"),
    "libxslt-dev": Package((), ("libxslt1-dev",)),
    "jq": _program("jq", needs=("libjq1",)),
    "libjq1": _library("libjq.so.1"),
    "tree": _program("tree"),
    "rsync": _program("rsync", needs=("libpopt0",)),
    "libpopt0": _library("libpopt.so.0"),
    "tini": _program("tini"),
    "dumb-init": _program("dumb-init"),
    "gosu": Package(("/usr/sbin/gosu",)),
    "procps": _program("ps", "free"),
    "bash": Package(("/bin/bash",)),
    "tzdata": Package(("/usr/share/zoneinfo/Europe/Paris",)),
    "supervisor": _program("supervisord", "supervisorctl", needs=("python3",)),
    "runit": _program("runsvdir", "runsv", "sv"),
    "nginx": Package(("/usr/sbin/nginx",), ("nginx-common",)),
    "nginx-common": Package(
        (
            "/etc/nginx/mime.types",
            "/etc/nginx/nginx.conf",
            "/etc/nginx/conf.d/README",
            "/etc/nginx/sites-available/default",
            "/etc/nginx/sites-enabled/default",
        )
    ),
    "python3": Package(("/usr/bin/python3",), ("media-types",)),
    "python3-dev": Package(("/usr/bin/python3-config",), ("python3", "libexpat1-dev", "libc6-dev")),
    "libexpat1-dev": _library("libexpat.a", needs=("libexpat1",)),
    "libexpat1": _library("libexpat.so.1"),
    "python3-pip": Package(("/usr/bin/pip3",), ("python3",)),
    "python3-venv": Package(("/usr/lib/python3/ensurepip",), ("python3",)),
    "python3-setuptools": Package(("/usr/lib/python3/setuptools",), ("python3",)),
    "golang": Package(("/usr/bin/go",), ("gcc",)),
    "golang-go": Package(("/usr/bin/go",)),
    "nodejs": Package(("/usr/bin/node",)),
    "npm": Package(("/usr/bin/npm", "/usr/bin/npx"), ("nodejs",)),
    "libcap2-bin": Package(("/usr/sbin/setcap", "/usr/sbin/getcap")),
    "netbase": Package(("/etc/protocols",)),
    "netcat-openbsd": _program("nc"),
    "sqlite3": _program("sqlite3"),
    "sudo": Package(("/usr/bin/sudo", "/etc/sudoers.d/README")),
    "gettext-base": _program("envsubst"),
    "cron": Package(("/usr/sbin/cron", "/usr/bin/crontab", "/etc/cron.d/.placeholder")),
    "locales": Package(("/usr/sbin/locale-gen", "/usr/share/i18n/locales/en_US", "/etc/locale.gen")),
    "libcairo2": _library("libcairo.so.2"),
    "libcairo2-dev": _library("libcairo.a", needs=("libcairo2",)),
    "libpango-1.0-0": _library("libpango-1.0.so.0", needs=("libcairo2",)),
    "libpango1.0-dev": _library("libpango-1.0.a", needs=("libpango-1.0-0", "libcairo2-dev")),
    "libcairo-gobject2": _library("libcairo-gobject.so.2", needs=("libcairo2",)),
    "libpangoft2-1.0-0": _library("libpangoft2-1.0.so.0", needs=("libpango-1.0-0",)),
    "libpangoxft-1.0-0": _library("libpangoxft-1.0.so.0", needs=("libpangoft2-1.0-0",)),
    "libpangocairo-1.0-0": _library("libpangocairo-1.0.so.0", needs=("libpango-1.0-0",)),
    "libjpeg62-turbo": _library("libjpeg.so.62"),
    "libjpeg-dev": _library("libjpeg.a", needs=("libjpeg62-turbo",)),
    "libgif7": _library("libgif.so.7"),
    "libgif-dev": _library("libgif.a", needs=("libgif7",)),
    "librsvg2-2": _library("librsvg-2.so.2", needs=("libpango-1.0-0",)),
    "librsvg2-dev": _library("librsvg-2.a", needs=("librsvg2-2", "libcairo2-dev")),
    "default-libmysqlclient-dev": _library("libmariadb.a", needs=("libmariadb3",)),
    "libmariadb3": _library("libmariadb.so.3"),
}
# Libraries with the time_t of 64 bits have other names from trixie on.
RENAMED = {"libmagic1t64": "libmagic1", "libcurl4t64": "libcurl4"}
ALPINE: dict[str, Package] = {
    "ca-certificates": DEBIAN["ca-certificates"],
    "openssl": DEBIAN["openssl"],
    "curl": _program("curl"),
    "git": _program("git"),
    "make": _program("make"),
    "gcc": _program("gcc", "cc", needs=("musl-dev",)),
    "g++": _program("g++", needs=("gcc",)),
    "musl-dev": Package(("/usr/lib/libc.a",)),
    "build-base": Package((), ("gcc", "g++", "make")),
    "libstdc++": Package(("/usr/lib/libstdc++.so.6",)),
    "bash": Package(("/bin/bash",)),
    "jq": _program("jq"),
    "tree": _program("tree"),
    "rsync": _program("rsync"),
    "file": _program("file", needs=("libmagic",)),
    "libmagic": Package(("/usr/lib/libmagic.so.1",)),
    "libpq": Package(("/usr/lib/libpq.so.5",)),
    "libpq-dev": Package(("/usr/lib/libpq.a",), ("libpq",)),
    "cairo": Package(("/usr/lib/libcairo.so.2",)),
    "cairo-dev": Package(("/usr/lib/libcairo.a",), ("cairo",)),
    "cairo-gobject": Package(("/usr/lib/libcairo-gobject.so.2",), ("cairo",)),
    "pango": Package(("/usr/lib/libpango-1.0.so.0",), ("cairo",)),
    "pango-dev": Package(("/usr/lib/libpango-1.0.a",), ("pango", "cairo-dev")),
    "libjpeg-turbo": Package(("/usr/lib/libjpeg.so.8",)),
    "jpeg": Package((), ("libjpeg-turbo",)),
    "jpeg-dev": Package(("/usr/lib/libjpeg.a",), ("libjpeg-turbo",)),
    "giflib": Package(("/usr/lib/libgif.so.7",)),
    "giflib-dev": Package(("/usr/lib/libgif.a",), ("giflib",)),
    "librsvg": Package(("/usr/lib/librsvg-2.so.2",), ("pango",)),
    "librsvg-dev": Package(("/usr/lib/librsvg-2.a",), ("librsvg", "cairo-dev")),
    "tini": Package(("/sbin/tini",)),
    "dumb-init": _program("dumb-init"),
    "su-exec": Package(("/sbin/su-exec",)),
    "tzdata": DEBIAN["tzdata"],
    "libcap": Package(("/usr/sbin/setcap",)),
    "sqlite": _program("sqlite3"),
    "python3": Package(("/usr/bin/python3",)),
    "py3-pip": Package(("/usr/bin/pip3",), ("python3",)),
    "nodejs": Package(("/usr/bin/node",)),
    "npm": Package(("/usr/bin/npm",), ("nodejs",)),
}
_CURL = ("ca-certificates", "curl", "wget", "tzdata", "netbase")
_SCM = (*_CURL, "git", "procps", "python3")
_DEPS = (
    *_SCM,
    "build-essential",
    "default-libmysqlclient-dev",
    "file",
    "unzip",
    "libpq-dev",
    "libxslt1-dev",
    "pkg-config",
    "media-types",
)


@dataclass(frozen=True)
class Base:
    packages: tuple[str, ...] = ()
    distribution: str = "debian"
    env: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()  # of /usr/local/bin, or with their path
    version: str = ""
    user: str = ""
    workdir: str = "/"
    suite: str = "trixie"


_PYTHON = {
    "PATH": "/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}
_PYTHONS = ("python", "python3", "python3.11", "pip", "pip3")
_NODES = ("node", "npm", "npx", "yarn", "corepack", "docker-entrypoint.sh")
_GO = {
    "PATH": "/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "GOPATH": "/go",
}
_GOS = ("/usr/local/go/bin/go", "/usr/local/go/bin/gofmt")


def base_of(reference: str) -> Base | None:
    """The image of a reference; None if the simulation does not know it, Missing if it does not exist."""
    variant = re.search(r":[^@]*(slim|alpine)", reference)
    if variant and ("@sha256:" in reference or reference.startswith("registry.example.com")):
        raise Missing(reference)
    found = _base_of(reference)
    bookworm = "bookworm" in reference or "node:20" in reference
    return replace(found, suite="bookworm") if found is not None and bookworm else found


def _base_of(reference: str) -> Base | None:
    name, _, tag = reference.rpartition("/")[2].partition(":")
    if reference == "scratch":
        return Base(distribution="scratch")
    if reference.startswith("gcr.io/distroless/"):
        return _distroless(name, tag)
    alpine, slim = "alpine" in tag or name == "alpine", "slim" in tag
    distribution = "alpine" if alpine else "debian"
    if name == "python":
        packages = () if alpine else ("ca-certificates", "netbase", "tzdata") if slim else _DEPS
        return Base(packages, distribution, _PYTHON, ("python3",), programs=_PYTHONS, version="3.11")
    if name == "node":
        packages = () if alpine else ("tzdata",) if slim else _DEPS
        start = ("docker-entrypoint.sh",)
        return Base(packages, distribution, {}, ("node",), start, programs=_NODES, version="20")
    if name == "golang":
        packages = ("ca-certificates",) if alpine else (*_SCM, "gcc", "g++", "make", "pkg-config")
        return Base(packages, distribution, _GO, ("bash",), programs=_GOS, version="1.24", workdir="/go")
    if reference.startswith("ghcr.io/astral-sh/uv"):
        return Base(distribution="scratch", programs=("/uv", "/uvx"))
    if name in ("debian", "ubuntu", "alpine"):
        return Base(() if alpine else ("tzdata",), distribution, {}, ("bash",))
    return None


def _distroless(name: str, tag: str) -> Base | None:
    env = {"SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt"}
    user = "65532" if "nonroot" in tag else ""
    kind = name.partition("-debian")[0]
    if kind not in ("static", "base", "base-nossl", "cc"):
        return None
    return Base(("tzdata",), "distroless" if kind == "static" else "distroless-libc", env, user=user)


_EVERYWHERE = """
  addgroup adduser arch basename cat chgrp chmod chown cp date dirname env find grep head hostname id
  install ln ls mkdir mv nice nohup nproc readlink realpath rm rmdir sed sh sha256sum sleep sync tail
  tar tee touch true uname unlink wc which whoami xargs
"""
_DEBIAN = "dash groupadd ldconfig localedef useradd"


# What the postinst of Debian's base-files makes, and Alpine's alpine-baselayout has.
OWN_DIRECTORIES = """
  /media /mnt /opt /srv /usr/local/bin /usr/local/lib /usr/local/share /var/mail /var/opt /var/spool
""".split()


def files_of(base: Base) -> Files:
    """The content of a base image."""
    files = Files()
    if base.distribution == "scratch":
        for name in base.programs:
            files.add(name, program(name[1:]), 0o755)
        return files
    merged = base.distribution != "alpine"
    for place in ("/usr/bin", "/usr/sbin", "/usr/lib"):
        files.make_directories(place)
        if merged:
            files.put(place[4:], Node("link", place[1:].encode(), 0o777))
    for place in (
        "/bin",
        "/etc",
        "/home",
        "/usr/bin",
        "/usr/sbin",
        "/var/lib",
        "/var/log",
        "/root",
        "/usr/share",
        *(() if base.distribution.startswith("distroless") else OWN_DIRECTORIES),
    ):
        files.make_directories(place)
    files.make_directories("/tmp", mode=0o1777)
    files.add(
        "/etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\nwww-data:x:33:33::/var/www:/sbin/nologin\n",
    )
    files.add("/etc/group", "root:x:0:\nnogroup:x:65534:\nwww-data:x:33:\n")
    if base.distribution.startswith("distroless"):
        files.add(
            "/etc/passwd", files.text("/etc/passwd") + "nonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n"
        )
        files.add("/etc/ssl/certs/ca-certificates.crt", "roots\n")
        install(files, base.packages, DEBIAN)
        if base.distribution == "distroless-libc":
            files.add("/lib/glibc", b"glibc")
        return files
    files.add("/etc/os-release", f"VERSION_CODENAME={base.suite}\n")
    alpine = base.distribution == "alpine"
    files.add("/lib/musl" if alpine else "/lib/glibc", b"libc")
    for name in _EVERYWHERE.split() + ([] if alpine else _DEBIAN.split()):
        files.add(f"/bin/{name}", program(name), 0o755)
    if alpine:
        files.add("/usr/bin/env", program("env"), 0o755)
        files.add("/etc/ssl/certs/ca-certificates.crt", "roots\n")  # of ca-certificates-bundle
    for name in ("apk", "/bin/ash") if alpine else ("apt-get", "apt", "/bin/bash", "dpkg"):
        files.add(name if "/" in name else f"/usr/bin/{name}", program(name.rpartition("/")[2]), 0o755)
    install(files, base.packages, ALPINE if alpine else DEBIAN)
    for name in base.programs:
        place = name if name.startswith("/") else f"/usr/local/bin/{name}"
        files.add(place, program(place.rpartition("/")[2]), 0o755)
    if "pip" in base.programs:
        for name in ("pip", "setuptools", "wheel"):
            site = f"/usr/local/lib/python{base.version}/site-packages"
            files.add(f"{site}/{name}/__init__.py", b"its own")
            files.add(f"{site}/{name}-1.dist-info/METADATA", f"Name: {name}\n")
    if "npm" in base.programs:
        add_uid = "node:x:1000:1000::/home/node:/bin/bash\n"
        files.add("/etc/passwd", files.text("/etc/passwd") + add_uid)
        files.add("/etc/group", files.text("/etc/group") + "node:x:1000:\n")
        files.make_directories("/home/node")
        files.change("/home/node", uid=1000, gid=1000)
        files.add("/usr/local/lib/node_modules/npm/package.json", b"{}")
    if base.env.get("GOPATH"):
        for place in ("/go", "/go/bin", "/go/src"):
            files.make_directories(place)
            files.change(place, mode=0o777)
        files.add("/usr/local/go/lib/time/zoneinfo.zip", b"zones")
        files.add("/usr/local/go/VERSION", b"go1.24")
    return files


STATUS = "/var/lib/packages"
LOCALES = "/usr/lib/locale/locale-archive"  # those that were made
LOADER_CACHE = "/etc/ld.so.cache"  # the libraries of /usr/local/lib when ldconfig ran


def installed(files: Files) -> set[str]:
    return set(files.text(STATUS).split()) if files.is_file(STATUS) else set()


def closure(names: tuple[str, ...] | list[str], table: dict[str, Package]) -> list[str]:
    found: list[str] = []
    queue = list(names)
    while queue:
        name = queue.pop(0)
        if name not in found:
            found.append(name)
            queue += table[name].needs
    return found


def install(files: Files, names: tuple[str, ...] | list[str], table: dict[str, Package]) -> None:
    have = installed(files)
    for name in closure(names, table):
        for place in table[name].files:
            content = program(place.rpartition("/")[2]) if "bin/" in place else f"{name} {place}".encode()
            content = b"# en_US.UTF-8 UTF-8\n" if place == "/etc/locale.gen" else content
            if files.get(place) is None:
                files.add(place, content, 0o755 if "bin/" in place else 0o644)
        have.add(name)
    files.add(STATUS, "\n".join(sorted(have)))


def remove(files: Files, names: set[str], table: dict[str, Package]) -> None:
    have = installed(files) - names
    for name in names:
        for place in table[name].files if name in table else ():
            if files.get(place) is not None:
                files.remove(place)
    files.add(STATUS, "\n".join(sorted(have)))


EMPTY = Node("directory", mode=0o755)
