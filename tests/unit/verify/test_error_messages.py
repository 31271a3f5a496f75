"""What programs really print when something is missing, and what is found for it in the original."""

from __future__ import annotations

import pytest
from unit.verify_sides import Piece, elf, evidence, file, folder, package, program, side

from slimify.verify.error_messages import missing_parts

SITE = "/usr/local/lib/python3.11/site-packages"
BASE: tuple[Piece, ...] = (program("/bin/sh"), elf("/usr/lib/x86_64-linux-gnu/libc.so.6", soname="libc.so.6"))
BEFORE = side(
    program("/usr/bin/git"),
    program("/usr/bin/perl"),
    *package("git", "/usr/bin/git"),
    elf("/usr/lib/x86_64-linux-gnu/libpq.so.5", soname="libpq.so.5"),
    elf("/usr/lib/x86_64-linux-gnu/libgobject-2.0.so.0", soname="libgobject-2.0.so.0"),
    folder("/app/templates"),
    file("/app/templates/page.html"),
    file("/app/conf.d/a.ini"),
    file("/app/dist/index.js"),
    file("/opt/table.txt"),
    file("/usr/share/zoneinfo/Europe/Paris"),
    file("/etc/ssl/certs/ca-certificates.crt"),
    file("/etc/nginx/mime.types"),
    file("/usr/share/perl5/Error.pm"),
    folder(f"{SITE}/flask"),
    file(f"{SITE}/six.py"),
    folder("/app/node_modules/express"),
    folder("/app/node_modules/@nestjs/core"),
    base=BASE,
    WorkingDir="/app",
)
AFTER = side(folder("/app"), base=BASE, WorkingDir="/app")

GIT = [("package", "git")]
PQ = [("path", "/usr/lib/x86_64-linux-gnu/libpq.so.5")]
PAGE = [("path", "/app/templates/page.html")]
TABLE = [("path", "/opt/table.txt")]

# who says it, the line, what follows
ROWS: list[tuple[str, str, list[tuple[str, str]]]] = [
    ("nothing", "", []),
    ("what was never there", "sh: 1: frobnicate: not found", []),
    ("what is still there", "error: /bin/sh: No such file or directory", []),
    ("an ordinary line with a path", "reading /opt/table.txt", []),
    (
        "glibc",
        "app: error while loading shared libraries: libpq.so.5: cannot open shared object file: No such",
        PQ,
    ),
    ("ctypes", "OSError: libpq.so.5: cannot open shared object file: No such file or directory", PQ),
    ("an import", "ImportError: libpq.so.5: cannot open shared object file: No such file or directory", PQ),
    ("musl", "Error loading shared library libpq.so.5: No such file or directory (needed by /app/x)", PQ),
    (
        "cffi",
        "OSError: cannot load library 'libgobject-2.0.so.0': libgobject-2.0.so.0: cannot open shared object",
        [("path", "/usr/lib/x86_64-linux-gnu/libgobject-2.0.so.0")],
    ),
    (
        "an old glibc",
        "./app: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by ./app)",
        [("glibc", "2.38")],
    ),
    ("dash", "sh: 1: git: not found", GIT),
    ("dash, in a script", "/start.sh: 3: git: not found", GIT),
    ("bash", "/start.sh: line 3: git: command not found", GIT),
    ("bash, by its path", "/start.sh: line 3: /usr/bin/git: No such file or directory", GIT),
    ("zsh", "zsh:1: command not found: git", GIT),
    ("busybox", "sh: git: not found", GIT),
    ("env", "/usr/bin/env: ‘git’: No such file or directory", GIT),
    ("env, plain", "env: 'git': No such file or directory", GIT),
    ("env of busybox", "env: can't execute 'git': No such file or directory", GIT),
    ("timeout", "timeout: failed to run command ‘git’: No such file or directory", GIT),
    ("tini", "[FATAL tini (7)] exec git failed: No such file or directory", GIT),
    ("the runtime", 'exec: "git": executable file not found in $PATH: unknown', GIT),
    (
        "the runtime, by its path",
        'exec: "/usr/bin/git": stat /usr/bin/git: no such file or directory: unknown',
        GIT,
    ),
    ("Go, a command", 'exec: "git": executable file not found in $PATH', GIT),
    ("Go, a command by its path", "fork/exec /usr/bin/git: no such file or directory", GIT),
    ("Node, a command", "Error: spawn git ENOENT", GIT),
    ("Python, a command", "FileNotFoundError: [Errno 2] No such file or directory: 'git'", GIT),
    ("Python, a command in bytes", "FileNotFoundError: [Errno 2] No such file or directory: b'git'", GIT),
    ("supervisord", "INFO spawnerr: can't find command '/usr/bin/git'", GIT),
    ("Python, a file", "FileNotFoundError: [Errno 2] No such file or directory: 'templates/page.html'", PAGE),
    ("Jinja", "jinja2.exceptions.TemplateNotFound: page.html", PAGE),
    ("Django", "django.template.exceptions.TemplateDoesNotExist: page.html", PAGE),
    ("Node, a file", "Error: ENOENT: no such file or directory, open '/opt/table.txt'", TABLE),
    (
        "Express",
        'Error: Failed to lookup view "page" in views directory "/app/templates"',
        [("path", "/app/templates")],
    ),
    ("Go, a file", "panic: open templates/page.html: no such file or directory", PAGE),
    (
        "Go, templates",
        "html/template: pattern matches no files: `templates/*.html`",
        [("path", "/app/templates")],
    ),
    ("coreutils", "cat: /opt/table.txt: No such file or directory", TABLE),
    ("coreutils, quoted", "ls: cannot access '/opt/table.txt': No such file or directory", TABLE),
    ("busybox, a file", "cat: can't open '/opt/table.txt': No such file or directory", TABLE),
    ("cd", "/start.sh: 2: cd: can't cd to /app/templates", [("path", "/app/templates")]),
    (
        "nginx",
        'nginx: [emerg] open() "/etc/nginx/mime.types" failed (2: No such file or directory)',
        [("path", "/etc/nginx/mime.types")],
    ),
    (
        "some program's own words",
        "configuration conf.d/a.ini does not exist",
        [("path", "/app/conf.d/a.ini")],
    ),
    ("Python, a module", "ModuleNotFoundError: No module named 'flask.json'", [("path", f"{SITE}/flask")]),
    ("Python, python -m", "/usr/local/bin/python: No module named six", [("path", f"{SITE}/six.py")]),
    ("Node, a package", "Error: Cannot find module 'express'", [("path", "/app/node_modules/express")]),
    (
        "Node, a scope",
        "Error: Cannot find module '@nestjs/core'",
        [("path", "/app/node_modules/@nestjs/core")],
    ),
    (
        "Node, ES modules",
        "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'express' imported from /app/dist/index.js",
        [("path", "/app/node_modules/express")],
    ),
    (
        "Node, a file of its own",
        "Error: Cannot find module '/app/dist/index.js'",
        [("path", "/app/dist/index.js")],
    ),
    (
        "Node, without its ending",
        "Error: Cannot find module './dist/index'",
        [("path", "/app/dist/index.js")],
    ),
    (
        "Perl",
        "Can't locate Error.pm in @INC (you may need to install the Error module)",
        [("path", "/usr/share/perl5/Error.pm")],
    ),
    (
        "Go, a zone",
        "panic: unknown time zone Europe/Paris",
        [("path", "/usr/share/zoneinfo/Europe/Paris")],
    ),
    (
        "Python, a zone",
        "zoneinfo._common.ZoneInfoNotFoundError: 'No time zone found with key Europe/Paris'",
        [("path", "/usr/share/zoneinfo/Europe/Paris")],
    ),
    (
        "Go, certificates",
        "x509: certificate signed by unknown authority",
        [("path", "/etc/ssl/certs/ca-certificates.crt")],
    ),
    (
        "Python, certificates",
        "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
        [("path", "/etc/ssl/certs/ca-certificates.crt")],
    ),
]


@pytest.mark.parametrize(("line", "needs"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_follows(line: str, needs: list[tuple[str, str]]) -> None:
    found = missing_parts(evidence(BEFORE, AFTER), [line, line])
    assert [(need.need, need.value) for finding in found for need in finding.constraints][:1] == needs[:1]
    if not needs:
        assert found == ()


def test_an_old_libstdcxx_is_said_and_nothing_can_be_kept_for_it() -> None:
    line = "/usr/lib/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by x.node)"
    (found,) = missing_parts(evidence(BEFORE, AFTER), [line])
    assert (found.code, found.constraints) == ("SL554", ())


def test_a_long_log_is_read_quickly() -> None:
    lines = [f"sh: 1: missing-{number}: not found in templates/{number}.html" for number in range(20_000)]
    assert missing_parts(evidence(BEFORE, AFTER), [*lines]) == ()
