"""Plans that are right are not rejected, and close neighbours of them are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import Options

GO_MOD = "module example.org/shop\n\ngo 1.22\n"
HEAD = 'package main\n\nimport (\n\t"net/http"\n\t"os"\n)\n\n'
SERVER = HEAD + 'func main() {{ {0}; _ = http.ListenAndServe(":80", nil) }}\n'
READS = SERVER.format('os.ReadDir("static")')
GO: Mapping[str, str] = {"go.mod": GO_MOD, "main.go": READS, "static/a.txt": "x"}
START = 'CMD ["/usr/local/bin/shop"]\n'
BUILD = "RUN go build -o /usr/local/bin/shop .\n"
FLASK: Mapping[str, str] = {
    "requirements.txt": "flask==3.0.0\n",
    "app.py": "import flask\n",
    "package.json": '{"scripts": {"build": "webpack"}, "devDependencies": {"webpack": "5"}}',
}
NODESOURCE = (
    "FROM ubuntu:22.04\nRUN apt-get update && apt-get install -y python3-pip python3-dev curl gnupg\n"
    "RUN curl -sL https://deb.nodesource.com/setup_20.x | bash\nRUN apt-get install -y nodejs\n"
    "WORKDIR /app\nCOPY . .\nRUN npm install\nRUN npm run build\nRUN pip3 install -r requirements.txt\n"
    'CMD ["python3", "app.py"]\n'
)


def rung(text: str, files: Mapping[str, str], context: Path) -> tuple[str, list[str]]:
    for name, content in files.items():
        (context / name).parent.mkdir(exist_ok=True, parents=True)
        (context / name).write_text(content)
    outcome = pipeline.rewrite(text, context, options=Options(dockerignore=False))
    return outcome.rung, [d.text for d in outcome.decisions if d.code == "SL409"]


@pytest.mark.parametrize(
    ("text", "files", "expected"),
    [
        pytest.param(
            "FROM golang:1.11\nRUN go get -u github.com/tools/godep/...\nWORKDIR /go/src/example.org/shop\n"
            f"COPY . .\n{BUILD}{START}",
            {name: text for name, text in GO.items() if name != "go.mod"},
            "slim",
            id="sources-around-a-directory-that-is-read",
        ),
        pytest.param(
            f"FROM golang:1.22\nWORKDIR /src\nCOPY . .\nRUN echo 'package v' > static/v.go\n{BUILD}{START}",
            GO,
            "slim",
            id="a-source-below-a-directory-that-is-read",
        ),
        pytest.param(
            "FROM golang:1.22\nRUN mkdir /etc/shop\nCOPY conf/ /etc/shop/\nWORKDIR /src\nCOPY . .\n"
            f"{BUILD}{START}",
            {"go.mod": GO_MOD, "main.go": SERVER.format('os.ReadDir("/etc/shop")'), "conf/a.ini": ""},
            "minimal",
            id="a-directory-that-a-COPY-makes-as-well",
        ),
        pytest.param(
            "FROM golang:1.6\nCOPY . /go/src/example.org/shop/\nRUN go get -v github.com/gorilla/mux\n"
            f"RUN CGO_ENABLED=0 go build -o /usr/local/bin/shop example.org/shop\n{START}",
            {"main.go": SERVER.format("_ = os.Args")},
            "minimal",
            id="a-tool-of-the-build-that-needs-a-C-library",
        ),
        pytest.param(
            "FROM golang:1.6\nCOPY . /go/src/example.org/shop/\nRUN go get -v github.com/gorilla/mux\n"
            f"RUN go build -o /usr/local/bin/shop example.org/shop\n{START}",
            {"main.go": SERVER.format("_ = os.Args")},
            "slim",
            id="a-program-that-needs-a-C-library",
        ),
        pytest.param(
            "FROM python:3.12\nRUN apt-get update && apt-get install tree\n"
            "RUN apt-get update; apt-get install -y tree\nWORKDIR /app\nCOPY . .\n"
            'RUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n',
            FLASK,
            "slim",
            id="an-install-that-then-equals-the-next-one",
        ),
        pytest.param(
            "FROM python:3.12\nENV A=1\nRUN apt-get update && apt-get install -y build-essential "
            "&& rm -rf /var/lib/apt/lists/*\nRUN <<EOF\napt-get update\napt-get install -y libpq5\nEOF\n"
            "WORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
            'CMD ["sh", "-c", "git --version; python app.py"]\n',
            FLASK,
            "slim",
            id="an-install-behind-one-of-several-equal-updates",
        ),
        pytest.param(
            'FROM python:3.12\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN apt-get update\n'
            "RUN apt-get install -y build-essential\nWORKDIR /app\nCOPY . .\n"
            'RUN pip install -r requirements.txt\nCMD ["sh", "-c", "curl localhost; python app.py"]\n',
            FLASK,
            "slim",
            id="lists-that-are-fetched-by-another-shell",
        ),
        pytest.param(
            "FROM python:3.12\nRUN apt-get update; apt-get install -y build-essential\n"
            "RUN apt-get update && apt-get install -y libpq5\nWORKDIR /app\nCOPY . .\n"
            'RUN pip install -r requirements.txt\nCMD ["sh", "-c", "git --version; python app.py"]\n',
            FLASK,
            "slim",
            id="packages-that-the-smaller-base-lacks",
        ),
        pytest.param(NODESOURCE, FLASK, "same-base", id="what-a-script-of-packages-calls"),
        pytest.param(
            "FROM python:3.12\nWORKDIR /app\nCOPY requirements/* requirements/\n"
            "RUN pip install -r requirements/default.txt\nRUN useradd app\nRUN chown -R app /app\nUSER app\n"
            'COPY --chown=app . .\nCMD ["python", "app.py"]\n',
            {
                "requirements/default.txt": "flask==3.0.0\n",
                "requirements/more.txt": "",
                "app.py": "import flask\n",
            },
            "slim",
            id="an-owner-of-files-that-come-later",
        ),
    ],
)
def test_rung(text: str, files: Mapping[str, str], expected: str, tmp_path: Path) -> None:
    assert rung(text, files, tmp_path) == (expected, [])
