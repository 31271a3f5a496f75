"""What programs need besides their own package, by how they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.analysis.classify import classify
from slimify.analysis.program import RuntimeNeeds
from slimify.config import Options
from slimify.context.scan import scan
from slimify.syntax.dockerfile.parser import parse

SERVE = "#!/bin/sh\n{}\nexec python app.py\n"
REPO = 'import git\ngit.Repo.clone_from({}, "/data")\n'
RUN = "import os, subprocess\nsubprocess.run({})\n"
SIMPLE = "from git import Repo\nRepo('.').head.commit\n"


def needs_of(folder: Path, files: dict[str, str], base: str = "python:3.11") -> RuntimeNeeds:
    for name, text in files.items():
        (folder / name).write_text(text)
    file = f'FROM {base}\nWORKDIR /app\nCOPY . .\nRUN pip install GitPython\nCMD ["./serve"]\n'
    return classify(
        parse(file.encode(), "Dockerfile"), scan(folder), "Dockerfile", Options(), None
    ).runtime_needs


@pytest.mark.parametrize(
    ("line", "script", "whole"),
    [
        pytest.param("sed s/a/b/ x", "", False, id="no-perl"),
        pytest.param("perl -pe 's/a/b/' x", "", False, id="one-line"),
        pytest.param(
            "perl -MPOSIX -e 'print floor(1.5)'", "", False, id="one-line-with-a-module-of-the-part"
        ),
        pytest.param(
            "perl x.pl", "use strict; use Getopt::Long qw(:config);\n# use JSON::PP\n", False, id="part"
        ),
        pytest.param("perl x.pl", "use v5.36;\nuse 5.010;\nprint 'use it';\n", False, id="versions"),
        pytest.param("perl -MJSON::PP=decode_json -ne 'print'", "", True, id="option"),
        pytest.param("perl -e 'use Encode; print 1'", "", True, id="in-one-line"),
        pytest.param("perl x.pl", "use strict; use JSON::PP;\n", True, id="module"),
        pytest.param(
            "perl x.pl", "use lib 'lib';\nrequire Tide::Table;\n", True, id="the-applications-own-module"
        ),
        pytest.param("perl x.pl", 'do "./other.pl";\n', True, id="another-file"),
        pytest.param("perl /opt/absent.pl", "", True, id="unread-script"),
        pytest.param('perl "$SCRIPT"', "", True, id="unknown-script"),
        pytest.param("perl -pe 's/a/b/' x; perl x.pl", "use Time::HiRes;\n", True, id="one-of-two"),
        pytest.param("./x.pl", "#!/usr/bin/perl\nuse Socket;\n", False, id="by-its-first-line-part"),
        pytest.param(
            "./x.pl", "#!/usr/bin/env -S perl -w\nuse Data::Dumper;\n", True, id="by-env-with-options"
        ),
        pytest.param("./x.pl", "#!/usr/bin/env perl\nuse Data::Dumper;\n", True, id="by-its-first-line"),
    ],
)
def test_modules_of_perl(line: str, script: str, whole: bool, tmp_path: Path) -> None:
    needs = needs_of(tmp_path, {"serve": SERVE.format(line), "x.pl": script, "app.py": ""})
    assert ("perl" in needs.system_packages) is whole


@pytest.mark.parametrize(
    ("line", "source", "found"),
    [
        pytest.param("git rev-parse HEAD", SIMPLE, {"git"}, id="local"),
        pytest.param("git --version", SIMPLE, {"git"}, id="version"),
        pytest.param('git -C "$DIR" status', SIMPLE, {"git"}, id="local-directory"),
        pytest.param('git -C "$DIR" "$TASK"', SIMPLE, {"git", "ssh"}, id="any-subcommand"),
        pytest.param("git clone https://example.com/a.git /data", SIMPLE, {"git"}, id="https"),
        pytest.param("true", REPO.format('f"https://{token}@example.com/a"'), {"git"}, id="module-https"),
        pytest.param("true", RUN.format('["git", "log", "-1"]'), {"git"}, id="started-local"),
        pytest.param('git clone "$REPO" /data', SIMPLE, {"git", "ssh"}, id="unknown"),
        pytest.param("git pull --ff-only", SIMPLE, {"git", "ssh"}, id="the-remote-that-is-configured"),
        pytest.param("git clone git@example.com:a.git /data", SIMPLE, {"git", "ssh"}, id="ssh"),
        pytest.param("true", REPO.format('os.environ["REPO"]'), {"git", "ssh"}, id="module-unknown"),
        pytest.param("true", RUN.format('["git", "-C", "/data", "fetch"]'), {"git", "ssh"}, id="started"),
        pytest.param("true", RUN.format('["git", *arguments]'), {"git", "ssh"}, id="started-unknown"),
        pytest.param("true", "KEY = '/root/.ssh/id_ed25519'\n", {"git", "ssh"}, id="key"),
        pytest.param("rsync -a /a/ /b/", SIMPLE, {"git", "rsync"}, id="rsync-local"),
        pytest.param("rsync -a backup:/a/ /b/", SIMPLE, {"git", "rsync", "ssh"}, id="rsync"),
        pytest.param("rsync -ae 'ssh -p 2' /a/ x::b", SIMPLE, {"git", "rsync", "ssh"}, id="rsync-by-ssh"),
        pytest.param("tar -xzf a.tgz", SIMPLE, {"git", "tar"}, id="gzip"),
        pytest.param("tar -xJf a.tar.xz", SIMPLE, {"git", "tar", "xz"}, id="xz"),
        pytest.param("tar xf a.tar.bz2", SIMPLE, {"git", "tar", "bzip2"}, id="bzip2"),
        pytest.param('tar -xf "$ARCHIVE"', SIMPLE, {"git", "tar", "xz", "bzip2"}, id="any-archive"),
    ],
)
def test_programs_that_others_start(line: str, source: str, found: set[str], tmp_path: Path) -> None:
    needs = needs_of(tmp_path, {"serve": SERVE.format(line), "app.py": source})
    assert {"git", "ssh", "rsync", "tar", "xz", "bzip2"} & needs.commands.keys() == found


@pytest.mark.parametrize(
    ("line", "script", "found"),
    [
        pytest.param("./x", "#!/usr/bin/env python3\n", set(), id="by-name"),
        pytest.param("./x", "#!/usr/local/bin/python3\n", set(), id="the-images-own"),
        pytest.param("./x", "#!/usr/bin/python3\n", {"/usr/bin/python3"}, id="first-line"),
        pytest.param("/usr/bin/python3 x", "", {"/usr/bin/python3"}, id="command"),
        pytest.param("./x", "#!/app/x\n", set(), id="itself"),
        pytest.param("ls x", "#!/usr/bin/python3\n", set(), id="a-script-that-nothing-starts"),
        pytest.param('"$TASK"', "#!/usr/bin/env python3\n", set(), id="any-script-by-name"),
        pytest.param('"$TASK"', "#!/usr/bin/python3\n", {"/usr/bin/python3"}, id="any-script"),
    ],
)
def test_programs_by_path(line: str, script: str, found: set[str], tmp_path: Path) -> None:
    (tmp_path / "x").touch(0o755)
    needs = needs_of(tmp_path, {"serve": SERVE.format(line), "x": script, "app.py": ""})
    assert {command for command in needs.commands if command.startswith("/")} == found
