"""A COPY is only narrowed where everything that run time reads below it is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.go_layouts import BUILD, MODULE, SHOP, START, Row, holds

READS = 'package main\n\nimport "os"\n\nfunc main() { _, _ = os.Open("shop.yml") }\n'
VIPER = 'package main\n\nimport "github.com/spf13/viper"\n\nfunc main() { _ = viper.ReadInConfig() }\n'
SOURCES = "#!/bin/sh\n. $HOME_OF/a.sh\nexec shop\n"
SERVES = "#!/bin/sh\nnginx -c /app/site.conf\nexec shop\n"
STARTS = 'package main\n\nimport "os/exec"\n\nfunc main() {{ _ = exec.Command({}).Run() }}\n'
NGINX = "RUN apt-get update && apt-get install -y nginx"

ROWS = (
    Row(
        id="a-library-that-looks-for-settings",
        file=("FROM golang:1.22", *BUILD, START),
        files={**SHOP, "go.mod": MODULE, "main.go": VIPER, "notes.txt": ""},
        final=("COPY . .",),
        reason="main.go:3 imports github.com/spf13/viper, which looks for files by names of its own",
    ),
    Row(
        id="settings-that-git-ignores",
        file=("FROM golang:1.22", *BUILD, START),
        files={**SHOP, "main.go": READS, "shop.yml": "", ".gitignore": "*.yml\n", "notes.txt": ""},
        final=("COPY . .",),
        reason="main.go:5 reads /app/shop.yml, which is not in every checkout",
    ),
    Row(
        id="settings-that-the-checkout-lacks",
        file=("FROM golang:1.22", *BUILD, START),
        files={**SHOP, "main.go": READS, "notes.txt": ""},
        final=("COPY . .",),
    ),
    Row(
        id="settings-of-every-checkout",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            **SHOP,
            "main.go": READS,
            "shop.yml": "",
            ".gitignore": "*.yaml\n/docs/*.yml\n",
            "notes.txt": "",
        },
        final=("COPY shop.yml ./",),
        never=("COPY . .",),
    ),
    Row(
        id="settings-that-a-later-copy-brings",
        file=("FROM golang:1.22", *BUILD, "COPY shop.yml /app/shop.yml", START),
        files={**SHOP, "main.go": READS, "shop.yml": "", "notes.txt": ""},
        final=("COPY shop.yml /app/shop.yml",),
        never=("COPY shop.yml ./", "COPY . ."),
    ),
    Row(
        id="a-script-that-sources-a-file",
        file=("FROM golang:1.22", "ENV HOME_OF=/app/conf", *BUILD, 'CMD ["./start.sh"]'),
        files={**SHOP, "start.sh": SOURCES, "conf/a.sh": "", "notes.txt": ""},
        final=("COPY start.sh ./", "COPY conf ./conf"),
        never=("COPY . .",),
    ),
    Row(
        id="a-script-that-sources-a-file-of-run-time",
        file=("FROM golang:1.22", *BUILD, 'CMD ["./start.sh"]'),
        files={**SHOP, "start.sh": SOURCES, "conf/a.sh": "", "notes.txt": ""},
        final=("COPY . .",),
        reason="`.` may read any file",
    ),
    Row(
        id="a-server-whose-configuration-is-read",
        file=("FROM golang:1.22", NGINX, *BUILD, 'CMD ["./start.sh"]'),
        files={**SHOP, "start.sh": SERVES, "site.conf": "root /app/pages;\n", "pages/a": "", "notes.txt": ""},
        final=("COPY site.conf start.sh ./", "COPY pages ./pages"),
        never=("COPY . .",),
    ),
    Row(
        id="a-server-that-is-configured-at-run-time",
        file=("FROM golang:1.22", NGINX, *BUILD, 'CMD ["./start.sh"]'),
        files={**SHOP, "start.sh": SERVES, "site.conf": "root ${PAGES};\n", "pages/a": "", "notes.txt": ""},
        final=("COPY . .",),
        reason="site.conf:1 configures ${PAGES}, which only run time knows",
    ),
    Row(
        id="another-program-that-may-read-anything",
        file=("FROM golang:1.22", *BUILD, 'CMD ["./start.sh"]'),
        files={**SHOP, "start.sh": "#!/bin/sh\nreporter &\nexec shop\n", "notes.txt": ""},
        final=("COPY . .",),
        reason="`reporter` may read any file",
    ),
)


# What a program starts is started where it is: (the call, the files beside main.go, whether all files stay)
STARTED = (
    ('"ffmpeg", "-i", "a.mp4"', ("a.mp4",), False),
    ('"/usr/bin/psql", "-f", "schema.sql"', ("schema.sql",), False),
    ('"sh", "-c", "cat data/a.txt"', ("data/a.txt",), False),
    ('"make", "deploy"', ("Makefile",), False),
    ('"./run.sh"', ("run.sh",), False),
    ('"bash", "run.sh"', ("jobs/run.sh",), True),  # in another directory
    ('"make", "-C", os.Args[1]', ("tools/Makefile",), True),
    ('"git", "log"', (), False),  # no repository
    ('"git", "log"', (".git/HEAD",), True),
    ('"/usr/bin/git", "log"', (".git/HEAD",), True),
    ('"svn", "info"', (".git/HEAD",), False),
    ('"terraform", "apply"', ("main.tf",), True),
    ('"find", ".", "-name", "*.sql"', ("a.sql",), True),
    ('os.Getenv("TOOL")', ("a.sql",), True),
)


@pytest.mark.parametrize(("call", "files", "whole"), STARTED)
def test_copy_under_started_programs(call: str, files: tuple[str, ...], whole: bool, tmp_path: Path) -> None:
    text = STARTS.format(call).replace('"os/exec"', '"os"\nimport "os/exec"')
    texts = {name: "deploy:\n\techo" if name == "Makefile" else "#!/bin/sh\n" for name in files}
    row = Row(
        id="",
        file=("FROM golang:1.22", *BUILD, START),
        files={**SHOP, "main.go": text, "notes.txt": "", **texts},
        final=("COPY . .",) if whole else (),
        never=() if whole else ("COPY . .",),
        reason="which may read any file" if whole else "",
    )
    holds(row, tmp_path)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS])
def test_copy(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)
