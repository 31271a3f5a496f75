"""What counts as a shell, a builtin, a reserved word, a wrapper: one answer for everybody who asks."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from slimify.facts import shells

Question = Callable[[str], object]

# A question, then words to which the answer is no, then words to which it is yes.
ROWS: dict[str, tuple[Question, str, str]] = {
    "shell": (shells.is_shell, "", "sh ash bash dash ksh zsh /bin/sh /usr/bin/bash /bin/dash"),
    "no shell": (shells.is_shell, "python flush sshd bash-completion run.sh /opt/sh/run", ""),
    "read": (shells.is_posix_shell, "ksh zsh fish pwsh /bin/zsh", "sh ash bash dash /usr/local/bin/bash"),
    "builtin": (shells.is_builtin, "env sudo if ls /bin/echo", ". : [ cd echo kill exec source mapfile"),
    "special": (shells.is_special_builtin, "cd source local alias command", ". : exec export unset break"),
    "state": (shells.changes_shell_state, "echo test true jobs /bin/cd", ". source cd umask readarray"),
    "reserved": (shells.is_reserved, "time cd [ test", "if then { } ! [[ ]] function esac in"),
    "wrapper": (shells.wrapper, "xargs npx su cd sh docker", "sudo env tini gosu exec time /usr/bin/nice"),
    "in the shell": (shells.runs_in_shell, "nice sudo env", "time exec command builtin cd"),
    "user": (shells.changes_user, "nice env tini chown", "su sudo doas gosu su-exec setpriv /sbin/runuser"),
    "script": (shells.is_shell_script, "echo #!/bin/python", "#!/bin/zsh #!/bin/ksh"),
}


@pytest.mark.parametrize(("asked", "no", "yes"), ROWS.values(), ids=ROWS)
def test_answers(asked: Question, no: str, yes: str) -> None:
    assert [word for word in no.split() if asked(word)] == []
    assert [word for word in yes.split() if not asked(word)] == []


@pytest.mark.parametrize(
    "text",
    [
        "sh -c node",
        "bash start.sh -l",
        "#!/bin/bash\nexec node",
        "#!/usr/bin/env bash\nexec node",
        "/bin/sh -ec x",
        "node su.js",
        "python login.py --login",
        "bash -e -u run.sh",
        "echo script.sh",
        "bash -o pipefail -c x",
        "bash --noprofile run.sh",
    ],
)
def test_no_login_shell(text: str) -> None:
    assert not shells.starts_login_shell(text)


@pytest.mark.parametrize(
    "text",
    [
        "bash -lc node",
        "/bin/bash -e -l run.sh",
        "#!/bin/bash -l\nnode",
        "bash --login",
        "bash",
        "sh -ic x",
        "su - app",
        "exec su app -c x",
        "sudo -u app -i node",
        'sh -c "bash -lc x"',
        "/usr/sbin/sshd -D",
        "bash --rcfile x",
        "/bin/bash -o pipefail -lc x",
        "bash -eo pipefail -l run.sh",
        "bash --norc -l",
    ],
)
def test_login_shells(text: str) -> None:
    assert shells.starts_login_shell(text)


def test_files_of_login_shells() -> None:
    assert not any(
        map(shells.is_login_file, ("/root/.profiles", "/app/profile", "/etc/bash.bashrc", "/a/.env"))
    )
    assert all(map(shells.is_login_file, ("/root/.bashrc", "/root/.profile", "/home/a/.bash_profile")))


def test_the_pattern_names_every_shell() -> None:
    pattern = re.compile(shells.shell_pattern())
    assert all(pattern.fullmatch(name) for name in ("sh", "bash", "ash", "dash", "ksh", "zsh"))
    assert not pattern.fullmatch("fish")


def test_every_special_and_state_builtin_is_one() -> None:
    assert all(shells.is_builtin(name) for name in ("times", "enable", "let", "return", "readarray"))


def test_the_rest_of_a_first_line_counts() -> None:
    assert shells.is_shell_script("#!/usr/bin/env bash\nexit")
    assert not shells.is_shell_script("#!/usr/bin/env python3\nbash")


def test_scripts_by_their_names() -> None:
    assert not any(map(shells.is_shell_file, ("sh", "x.zsh", "a.sh/b", "entrypoint")))
    assert all(map(shells.is_shell_file, ("x.sh", "/app/run.bash")))
