"""What is named as needed by nobody: static files, and packages that no text names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import scan
from slimify.model.outcome import Outcome
from slimify.syntax.dockerfile.parser import parse

FILE = "FROM node:20\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\nCOPY . .\n"
NODE = f'{FILE}CMD ["node", "server.js"]\n'
PACKAGE = '{"name": "a", "dependencies": {"express": "4.18.2"}}'
SERVER = "const app = require('express')()\napp.listen(80)\n"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Texts, and files of a size in bytes; `action` is what is said of the only asset, "" for none."""

    id: str
    large: Mapping[str, int]
    texts: Mapping[str, str]
    action: str = ""


CASES = (
    Case(id="small-files", large={"docs/a.pdf": 900_000}, texts={}),
    Case(id="a-kind-that-is-code", large={"data/model.bin": 5_000_000}, texts={}),
    Case(id="kept-out-already", large={"docs/a.pdf": 2_000_000}, texts={".dockerignore": "docs\n"}),
    Case(id="nobody-names-it", large={"docs/Report.pdf": 2_000_000}, texts={}, action="ignore"),
    Case(
        id="a-page-names-it",
        large={"docs/Report.pdf": 2_000_000},
        texts={"page.html": '<a href="/x/Report.pdf">'},
        action="object storage",
    ),
    Case(
        id="its-directory-is-served",
        large={"media/Report.pdf": 2_000_000},
        texts={"routes.js": "app.use('/m', require('express').static('media'))\n"},
        action="object storage",
    ),
    Case(
        id="everything-is-served",
        large={"docs/Report.pdf": 2_000_000},
        texts={"routes.js": "app.use(require('express').static(__dirname))\n"},
        action="object storage",
    ),
    Case(id="frameworks-serve-it", large={"public/Report.pdf": 2_000_000}, texts={}, action="object storage"),
    Case(
        id="only-a-page-for-people-shows-it",
        large={"docs/assets/demo.gif": 2_000_000},
        texts={
            "README.md": "![](docs/assets/demo.gif)",
            "open.js": "require('fs').readFileSync(process.argv[2])",
        },
        action="ignore",
    ),
    Case(
        id="its-directory-is-named-in-prose",
        large={"media/Report.pdf": 2_000_000},
        texts={"a.js": "// no media here, see https://example.org/media\nlet media = []\n"},
        action="ignore",
    ),
    Case(
        id="something-else-in-its-directory-is-named",
        large={"media/Report.pdf": 2_000_000},
        texts={"a.js": "require('./media/player')\n"},
        action="ignore",
    ),
    Case(
        id="a-name-is-put-together",
        large={"media/Report.pdf": 2_000_000},
        texts={"a.js": "send('Report' + '.pdf')\n"},
        action="object storage",
    ),
    Case(
        id="a-setting-names-its-directory",
        large={"media/Report.pdf": 2_000_000},
        texts={"site.yml": "root: media\n"},
        action="object storage",
    ),
    Case(id="data", large={"dumps/all.csv": 2_000_000}, texts={"load.js": "'all.csv'"}, action="volume"),
    Case(
        id="many-small-ones-together",
        large={"press/a.pdf": 600_000, "press/b.pdf": 600_000},
        texts={},
        action="ignore",
    ),
)


def _outcome(directory: Path, file: str, texts: Mapping[str, str], options: Options) -> Outcome:
    for name, text in texts.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return pipeline.rewrite(file.encode(), name="Dockerfile", context=directory, options=options)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_assets(case: Case, tmp_path: Path) -> None:
    for name, size in case.large.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    texts = {"package.json": PACKAGE, "server.js": SERVER, **case.texts}
    outcome = _outcome(tmp_path, NODE, texts, Options(exclude_assets=True))
    assert [a.action for a in outcome.assets] == ([case.action] if case.action else [])
    for asset in outcome.assets:
        assert asset.bytes == sum(case.large.values())
        assert asset.line == 5
        assert asset.excluded == (case.action == "ignore")
        listed = outcome.ignore is not None and asset.path.rstrip("/") in outcome.ignore.after.splitlines()
        assert listed == asset.excluded


def test_nothing_is_kept_out_unless_asked(tmp_path: Path) -> None:
    (tmp_path / "Report.pdf").write_bytes(bytes(2_000_000))
    outcome = _outcome(tmp_path, NODE, {"package.json": PACKAGE, "server.js": SERVER}, Options())
    assert [a.excluded for a in outcome.assets] == [False]
    assert outcome.ignore is None or "Report.pdf" not in outcome.ignore.after


def _advised(outcome: Outcome) -> list[str]:
    return [d.text.partition(" in ")[0] for d in outcome.decisions if d.code == "SL207"]


@pytest.mark.parametrize(
    ("dependencies", "texts", "advised"),
    [
        pytest.param('"express": "4"', {}, [], id="imported"),
        pytest.param('"express": "4", "left-pad": "1"', {}, ["`left-pad`"], id="imported-nowhere"),
        pytest.param('"express": "4", "pm2": "5"', {"start.sh": "pm2 start"}, [], id="called"),
        pytest.param(
            '"express": "4", "react-dom": "18", "react": "18"', {"a.js": "'react'"}, [], id="loaded"
        ),
        pytest.param(
            '"express": "4", "commander": "9"',
            {"bin/run": "#!/usr/bin/env node\nrequire('commander')"},
            [],
            id="imported-by-a-file-without-an-ending",
        ),
        pytest.param(
            '"express": "4", "gulp": "4", "gulp-sass": "1"',
            {"gulpfile.js": "require('gulp-load-plugins')()"},
            [],
            id="loaded-by-its-name",
        ),
        pytest.param('"a-a": "1", "b-b": "1", "express": "4"', {}, [], id="too-many-to-be-true"),
    ],
)
def test_npm_packages(
    dependencies: str, texts: Mapping[str, str], advised: list[str], tmp_path: Path
) -> None:
    package = f'{{"name": "x", "dependencies": {{{dependencies}}}}}'
    outcome = _outcome(tmp_path, NODE, {"package.json": package, "server.js": SERVER, **texts}, Options())
    assert _advised(outcome) == advised


@pytest.mark.parametrize(
    ("rows", "advised"),
    [
        pytest.param("flask\nbeautifulsoup4\n", [], id="a-module-of-another-name"),
        pytest.param("flask\nfeedparser\n", ["`feedparser`"], id="imported-nowhere"),
        pytest.param("flask\ngoogle-cloud-tasks\ngoogle_adk\n", [], id="parts-of-a-namespace"),
        pytest.param("flask\ngunicorn\n", [], id="started"),
        pytest.param("flask\npsycopg2\n", [], id="a-driver"),
        pytest.param("".join(f"x{n}==1\n" for n in range(9)) + "flask==3\n", [], id="pip-freeze"),
    ],
)
def test_python_packages(rows: str, advised: list[str], tmp_path: Path) -> None:
    file = 'FROM python:3.12\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["gunicorn", "app:app"]\n'
    imports = "import bs4\nimport google.adk.cli\nfrom google.cloud import tasks_v2\n"
    source = f"{imports}from flask import Flask\nengine = 'postgresql://'\n"
    outcome = _outcome(tmp_path, file, {"requirements.txt": rows, "app.py": source}, Options())
    assert _advised(outcome) == advised


@dataclass(frozen=True, kw_only=True)
class Package:
    """An install, what is started, and whether one of its packages is named as unneeded."""

    id: str
    name: str
    file: str
    texts: Mapping[str, str]
    unneeded: bool = False


DEBIAN = "FROM node:20\nRUN apt-get update && apt-get install -y {name}\nWORKDIR /app\nCOPY . .\n"
APK = "FROM alpine:3.20\nRUN apk add --no-cache python3 py3-pip {name}\n"
ALPINE = f"{APK}WORKDIR /app\nCOPY . .\nRUN pip3 install flask\n"
PACKAGES = (
    Package(
        id="nobody-calls-it",
        name="vim",
        file=f'{DEBIAN}CMD ["node", "a.js"]\n',
        texts={"a.js": ""},
        unneeded=True,
    ),
    Package(
        id="nobody-has-read-what-is-started",
        name="vim",
        file=f'{DEBIAN}RUN git clone https://example.org/b /b\nCMD ["node", "/b/b.js"]\n',
        texts={"a.js": ""},
    ),
    Package(
        id="a-program-that-starts-another",
        name="gosu",
        file=f'{DEBIAN}ENTRYPOINT ["/app/run.sh"]\nCMD ["node", "a.js"]\n',
        texts={"run.sh": '#!/bin/sh\ngosu node "$(command -v node)" "$@"\n'},
    ),
    Package(
        id="a-source-names-a-file-of-it",
        name="apksigner",
        file=f'{DEBIAN}CMD ["node", "a.js"]\n',
        texts={"a.js": "java(['-jar', '/usr/share/java/apksigner.jar'])"},
    ),
    Package(
        id="the-interpreter-of-the-application",
        name="python3",
        file=f'{ALPINE}CMD ["flask", "run"]\n',
        texts={"app.py": "import flask\n"},
    ),
    Package(
        id="data-is-not-called",
        name="tzdata",
        file=f'{ALPINE}CMD ["flask", "run"]\n',
        texts={"app.py": "import flask\n"},
    ),
    Package(
        id="a-later-step-removes-it",
        name="htop",
        file=f'{DEBIAN}RUN apt-get purge -y htop\nCMD ["node", "a.js"]\n',
        texts={},
    ),
    Package(
        id="a-program-of-another-package-starts-it",
        name="ghostscript",
        file=f'{DEBIAN}RUN apt-get install -y imagemagick\nCMD ["node", "a.js"]\n',
        texts={},
    ),
    Package(
        id="no-program-is-there-to-start-it",
        name="ghostscript",
        file=f'{DEBIAN}CMD ["node", "a.js"]\n',
        texts={"a.js": ""},
        unneeded=True,
    ),
    Package(
        id="tar-starts-it",
        name="bzip2",
        file=f'{DEBIAN}CMD ["node", "a.js"]\n',
        texts={"a.js": "require('child_process').spawn('tar', ['-xf', 'files.tbz2'])"},
    ),
    Package(
        id="tar-starts-it-in-the-build",
        name="bzip2",
        file=f'{DEBIAN}RUN tar -xf files.tbz2 -C /srv\nCMD ["node", "a.js"]\n',
        texts={},
    ),
    Package(
        id="nothing-says-what-is-started",
        name="vim",
        file="FROM debian:12\nRUN apt-get install -y {name}\n",
        texts={},
    ),
    Package(
        id="npm-comes-with-it",
        name="nodejs",
        file="FROM golang:1.24\nRUN apt-get update && apt-get install -y {name}\nRUN npm install -g gulp\n",
        texts={},
    ),
)


@pytest.mark.parametrize("row", PACKAGES, ids=lambda row: row.id)
def test_system_packages(row: Package, tmp_path: Path) -> None:
    outcome = _outcome(tmp_path, row.file.format(name=row.name), row.texts, Options())
    named = [d.text.partition(":")[0] for d in outcome.decisions if d.code == "SL206"]
    assert named == ([f"`{row.name}`"] if row.unneeded else [])


HEADERS = "FROM golang:1.24-alpine\nRUN apk add --no-cache zeromq-dev\nWORKDIR /src\nCOPY . .\n"
MODULE = {
    "go.mod": "module x\n\ngo 1.24\n",
    "main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println() }\n',
}


@pytest.mark.parametrize(
    ("more", "texts", "needed"),
    [
        pytest.param("", {}, (), id="nothing-uses-c"),
        pytest.param(
            "",
            {"zmq.go": 'package main\n\n// #include <zmq.h>\nimport "C"\n'},
            ("libzmq",),
            id="a-source-does",
        ),
        pytest.param(
            "",
            {
                "go.mod": f"{MODULE['go.mod']}\nrequire example.org/y v1.0.0\n",
                "y.go": 'package main\n\nimport _ "example.org/y"\n',
            },
            ("libzmq",),
            id="a-module-that-is-not-here",
        ),
        pytest.param(
            "RUN wget -qO /bin/x https://example.org/x\n", {}, ("libzmq",), id="a-program-is-fetched"
        ),
        pytest.param("COPY --from=other /x /x\n", {}, ("libzmq",), id="another-image-brings-something"),
        pytest.param("", {"tool": "\x7fELF"}, ("libzmq",), id="a-program-comes-along"),
    ],
)
def test_libraries_behind_headers(
    more: str, texts: Mapping[str, str], needed: tuple[str, ...], tmp_path: Path
) -> None:
    file = f'{HEADERS}{more}RUN go build -o /app .\nCMD ["/app"]\n'
    for name, text in {**MODULE, **texts}.items():
        (tmp_path / name).write_text(text)
    program = classify(parse(file.encode(), "Dockerfile"), scan(tmp_path), "Dockerfile", Options())
    packages = [p for step in program.steps for atom in step.atoms for p in atom.packages]
    assert [(p.name, p.role, p.counterparts) for p in packages] == [("zeromq-dev", "build", needed)]
