"""Which directories are the system's, in which sense, and what belongs to the C library."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from slimify.facts import system

Question = Callable[[str], bool]

# A question, then what it is not true of, then what it is true of.
ROWS: dict[str, tuple[Question, str, str]] = {
    "on the default PATH": (system.on_default_path, "/usr/games /opt/bin /usr", "/bin /usr/local/sbin"),
    "programs": (system.holds_programs, "/usr/lib /opt/bin", "/usr/games /usr/bin /usr/local/sbin"),
    "filled by the image": (
        system.is_system_directory,
        "/opt /srv /usr/src /root /usr/lib/x",
        "/ /etc /usr/local",
    ),
    "no step's": (system.is_shared_directory, "/app /usr/local/etc /etc/x", "/ /etc /opt /root /go /var/www"),
    "of FHS": (system.is_standard_directory, "/ /go /var/www /app", "/usr/libexec /usr/local/etc /var/spool"),
    "in distroless": (
        system.distroless_directories().__contains__,
        "/opt /usr/local /srv",
        "/ /home /tmp /var/lib",
    ),
    "the system's tree": (
        system.is_systems,
        "/app /var/lib /binary /library",
        "/usr/app /lib64/x /sbin /etc",
    ),
    "packages' alone": (
        system.in_package_tree,
        "/usr /usr/app /usr/local/x /usr/src",
        "/usr/sbin/x /etc /lib/x",
    ),
    "the kernel's": (system.in_kernel_tree, "/device /etc/proc", "/dev/null /proc /sys/x"),
    "scratch": (
        system.is_scratch,
        "/var/log /var/lib/apt /tmpl",
        "/tmp/x /var/cache /dev/x /var/lib/apt/lists",
    ),
    "transient": (
        system.in_transient_tree,
        "/etc/passwd /var/lib",
        "/tmp/x /var/log/x /etc/passwd- /run/x /proc",
    ),
    "everybody's": (
        system.is_world_writable,
        "/var/cache /dev/sda /proc",
        "/tmp/x /var/tmp /dev/null /proc/self/fd/1",
    ),
    "package source": (
        system.is_package_source,
        "/etc/apk /etc/apk/world /etc/aptx",
        "/etc/apt/sources.list /etc/apk/repositories /etc/apk/repositories.d/x /etc/zypp/repos.d/x",
    ),
    "an application's": (system.in_application_tree, "/apps /usr/local/lib /etc", "/app /opt/x /usr/src/a"),
    "left out of slim images": (
        system.is_excluded_from_slim,
        "/usr/share/doc /usr/share/fonts/x /usr/doc/x",
        "/usr/share/doc/x /usr/share/man/man1/x",
    ),
    "documentation": (system.is_documentation_directory, "src doc2", "doc docs"),
    "data": (system.is_data_ending, "py json", "csv sql log"),
    "package file": (system.is_package_file, "deb x.tar.gz", "./x.deb /tmp/y.apk"),
    "disposable": (
        lambda path: bool(system.pattern("disposable").match(path)),
        "/var/lib/x /tmpx /root/.config",
        "/tmp /var/lib/apt/lists/* /root/.cache/x /usr/share/doc/x",
    ),
    "cache": (
        lambda path: bool(system.pattern("caches").match(path)),
        "/app/.cache /root/.cargo/bin",
        "/root/.cache /home/app/.m2/x /usr/local/share/.cache/yarn",
    ),
    "waste": (
        lambda path: bool(system.pattern("waste").search(path)),
        "/app/a.out /app/Dockerfiles/x /app/git",
        "/app/.git/x /app/x.o /app/Dockerfile.dev /app/x.map",
    ),
    "root": (system.is_root, "app 1000 app:root rooted", "root 0 0:0 root:staff"),
    "root with its group": (system.is_plain_root, "app root:staff 0:1000", "root 0 0:0 root:root root:0"),
    "library of libc": (system.is_libc_library, "z stdc++ mvec", "c m pthread resolv util"),
    "file of libc": (
        system.is_libc_file,
        "libz.so.1 libcrypt.so.1 libmount.so.1",
        "/lib/libc.so.6 libm.so.6 libresolv.so.2 libc.musl-x86_64.so.1 /lib64/ld-linux-x86-64.so.2",
    ),
    "package of libc": (system.is_libc_package, "zlib1g libcrypt1", "libc6 musl libgcc-s1"),
}


@pytest.mark.parametrize(("asked", "no", "yes"), ROWS.values(), ids=ROWS)
def test_answers(asked: Question, no: str, yes: str) -> None:
    assert [path for path in no.split() if asked(path)] == []
    assert [path for path in yes.split() if not asked(path)] == []


def test_the_default_path_is_that_of_buildkit() -> None:
    assert system.default_path() == "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def test_scratch_has_what_the_question_answers() -> None:
    assert all(map(system.is_scratch, system.scratch()))


def test_no_user_is_root() -> None:
    assert system.is_root("")
    assert system.is_plain_root("")


def test_package_managers() -> None:
    programs = system.manager_programs()
    assert programs[0] == ("apt", "/usr/bin/apt-get")
    assert {"apt", "apk", "dnf", "microdnf", "yum"} == {name for name, _ in programs}
    assert system.manager_caches("apk") == ("/var/cache/apk",)
    assert system.manager_caches("dnf") == system.manager_caches("pip") == ()
    assert (system.hadolint_rule("apt"), system.hadolint_rule("yum"), system.hadolint_rule(None)) == (
        "DL3008",
        "",
        "",
    )


def test_other_names() -> None:
    assert system.glibc_tuple("arm") == "arm-linux-gnueabihf"
    assert system.glibc_tuple("s390x") == "s390x-linux-gnu"
    assert system.musl_directories()[0] == "/lib"
    assert {"www-data", "nobody"}.issubset(system.distribution_accounts())
    assert "nonroot" in system.distroless_accounts()
    assert ".git" in system.history_directories()
    assert "vendor" in system.third_party_directories()
    assert ".github" in system.ci_directories()


@pytest.mark.parametrize(
    ("manager", "command", "silent"),
    [
        ("apk", "apk add git", True),
        ("apt", "apt-get install -y git", True),
        ("apt", "apt-get -qqy install git", True),
        ("apt", "apt-get install -qq git", True),
        ("apt", "apt-get install --assume-yes git", True),
        ("dnf", "dnf install --assumeyes git", True),
        ("apt", "apt-get -q install git", False),
        ("apt", "apt-get install --no-install-recommends --yes-no lynx -f", False),
        ("dnf", "dnf -q install git", False),
    ],
)
def test_is_silent(manager: str, command: str, silent: bool) -> None:
    assert system.is_silent(manager, command.split()) is silent
