"""What the new image may lack, and what run time needs whatever else is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.compared_files import changed, differences

GO = """FROM golang:1.24
WORKDIR /app
COPY . .
RUN go build -o gate .
RUN go build -o /srv/tool ./tool
RUN mkdir -p /var/lib/gate && chown 1000:1000 /var/lib/gate
RUN mkdir -p /var/empty-place && chown 1000 /var/empty-place
COPY start.sh /start.sh
VOLUME /var/lib/gate
USER 1000
CMD ["/start.sh"]
"""
GO_FILES = {
    "go.mod": "module example.com/gate\n\ngo 1.24\n",
    "main.go": 'package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe(":80", nil) }\n',
    "tool/main.go": "package main\n\nfunc main() {}\n",
    "start.sh": "#!/bin/sh\nexec /app/gate\n",
}
GO_NEW = """FROM golang:1.24 AS builder
WORKDIR /app
COPY . .
RUN go build -o gate .
RUN go build -o /srv/tool ./tool
RUN mkdir -p /var/lib/gate && chown 1000:1000 /var/lib/gate

FROM debian:trixie-slim
WORKDIR /app
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=builder /app/gate /app/gate
COPY --from=builder --chown=1000:1000 /var/lib/gate /var/lib/gate
COPY start.sh /start.sh
VOLUME /var/lib/gate
USER 1000
CMD ["/start.sh"]
"""


@pytest.mark.parametrize(
    ("pairs", "kept", "problem"),
    [
        pytest.param((), (), "", id="a tool that nothing starts, and an empty directory, are gone"),
        pytest.param(
            (("COPY --from=builder /app/gate /app/gate\n", ""),), (), "/app/gate", id="a script starts it"
        ),
        pytest.param(
            (("/app/gate /app/gate", "/app/gate /opt/gate"),), (), "/app/gate", id="it is elsewhere"
        ),
        pytest.param(
            (("COPY --from=builder --chown=1000:1000 /var/lib/gate /var/lib/gate\n", ""),),
            (),
            "/var/lib/gate",
            id="a directory of a volume",
        ),
        pytest.param((), ("/srv/tool",), "/srv/tool", id="the user asked to keep it"),
        pytest.param(
            (("/app/gate\n", "/app/gate\nCOPY --from=builder /srv/tool /srv/tool\n"),),
            ("/srv/tool",),
            "",
            id="what the user asked to keep is there",
        ),
    ],
)
def test_what_a_compiled_image_may_lack(
    pairs: tuple[tuple[str, str], ...], kept: tuple[str, ...], problem: str, tmp_path: Path
) -> None:
    found = differences(GO, changed(GO_NEW, *pairs), GO_FILES, tmp_path, kept)
    assert problem in found if problem else not found


FETCHED = """FROM golang:1.24
RUN go install github.com/pressly/goose/v3/cmd/goose@v3.15.0
RUN go get -u github.com/rubenv/sql-migrate/...
WORKDIR /app
COPY . .
RUN go build -o gate .
CMD ["/app/gate"]
"""
FETCHED_NEW = """FROM golang:1.24 AS builder
RUN go install github.com/pressly/goose/v3/cmd/goose@v3.15.0
RUN go get -u github.com/rubenv/sql-migrate/...
WORKDIR /app
COPY . .
RUN go build -o gate .

FROM debian:trixie-slim
COPY --from=builder /go/bin /go/bin
WORKDIR /app
COPY --from=builder /app/gate /app/gate
CMD ["/app/gate"]
"""
_WITHOUT = (("COPY --from=builder /go/bin /go/bin\n", ""),)
_ON_PATH = (
    (
        "COPY --from=builder /go/bin /go/bin\n",
        "ENV PATH=/go/bin:$PATH\nCOPY --from=builder /go/bin /go/bin\n",
    ),
)
_OPENS = 'import ("os"; "net/http")\n\nfunc main() { os.Open(os.Args[1]); http.ListenAndServe(":80", nil) }\n'


@pytest.mark.parametrize(
    ("start", "source", "pairs", "problem"),
    [
        pytest.param('CMD ["/app/gate"]', 'exec.Command("ls").Run()', _WITHOUT, "", id="nothing starts them"),
        pytest.param(
            'CMD ["/app/gate"]', "exec.Command(os.Args[1]).Run()", _WITHOUT, "/go/bin/goose", id="any may be"
        ),
        pytest.param('CMD ["goose"]', "", (), "PATH would lack /go/bin", id="not found without PATH"),
        pytest.param("CMD sql-migrate", "", (), "PATH would lack /go/bin", id="one of unknown names"),
        pytest.param("CMD sql-migrate", "", _ON_PATH, "", id="found"),
        pytest.param(
            'CMD ["/go/bin/goose"]',
            'exec.Command("sh", "-c", os.Args[1]).Run()',
            (),
            "PATH would lack",
            id="itself",
        ),
    ],
)
def test_fetched_programs(
    start: str, source: str, pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path
) -> None:
    main = f'package main\n\nimport ("os"; "os/exec")\n\nfunc main() {{ os.Exit(0); {source} }}\n'
    old, new = (text.replace('CMD ["/app/gate"]', start) for text in (FETCHED, FETCHED_NEW))
    found = differences(old, changed(new, *pairs), {"go.mod": GO_FILES["go.mod"], "main.go": main}, tmp_path)
    assert problem in found if problem else not found


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        pytest.param('import "fmt"\n\nfunc main() { fmt.Println("a") }\n', "", id="names"),
        pytest.param(_OPENS, "/app/texts/a.txt", id="opens what its arguments name"),
        pytest.param("func main() {}\n", "", id="imports nothing"),
        pytest.param(
            'import "example.net/app"\n\nfunc main() { app.Run() }\n',
            "/app/texts/a.txt",
            id="an unread module",
        ),
        pytest.param(
            'import "github.com/gin-gonic/gin"\n\nfunc main() { gin.Default() }\n', "", id="a plain module"
        ),
    ],
)
def test_files_of_a_compiled_program(source: str, problem: str, tmp_path: Path) -> None:
    files = {**GO_FILES, "main.go": f"package main\n\n{source}", "texts/a.txt": "a\n"}
    found = differences(FETCHED, changed(FETCHED_NEW, *_WITHOUT), files, tmp_path)
    assert problem in found if problem else not found


TOOLS = """FROM python:3.12
COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/
COPY --from=example.com/data:1 /tides /srv/tides
WORKDIR /srv
COPY requirements.txt app.py ./
RUN uv pip install --system -r requirements.txt
CMD ["python", "app.py"]
"""
TOOLS_FILES = {"requirements.txt": "bottle==0.13\n", "app.py": "import bottle\n"}
TOOLS_NEW = """FROM python:3.12 AS builder
COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/
COPY --from=example.com/data:1 /tides /srv/tides
WORKDIR /srv
COPY requirements.txt app.py ./
RUN uv pip install --system -r requirements.txt

FROM python:3.12-slim
COPY --from=example.com/data:1 /tides /srv/tides
WORKDIR /srv
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY app.py ./
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), "", id="an installer of the builder is gone"),
        pytest.param(
            (
                (
                    "slim\nCOPY --from=example.com/data:1 /tides /srv/tides\n",
                    "slim\n",
                ),
            ),
            "/srv/tides",
            id="a copy from an image is gone",
        ),
        pytest.param(
            (("slim\nCOPY --from=example.com/data:1 /tides", "slim\nCOPY --from=example.com/data:2 /tides"),),
            "/srv/tides",
            id="it is from another image",
        ),
    ],
)
def test_what_other_images_bring(pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path) -> None:
    found = differences(TOOLS, changed(TOOLS_NEW, *pairs), TOOLS_FILES, tmp_path)
    assert problem in found if problem else not found


OPENS = {
    **GO_FILES,
    "main.go": 'package main\n\nimport "os"\n\nfunc main() { os.Open("/etc/gate.conf") }\n',
    "start.sh": "#!/bin/sh\nexec /app/gate\n",
}
SETTINGS = "COPY <<EOF /etc/gate.conf\nfile={}\nEOF\nUSER"


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        pytest.param("/var/other/today", "", id="another directory"),
        pytest.param("/var/empty-place/today", "/var/empty-place", id="a directory that nothing else names"),
    ],
)
def test_what_a_file_of_the_dockerfile_names(named: str, problem: str, tmp_path: Path) -> None:
    settings = SETTINGS.format(named)
    old, new = changed(GO, ("USER", settings)), changed(GO_NEW, ("USER", settings))
    found = differences(old, new, OPENS, tmp_path)
    assert problem in found if problem else not found


PAGES = """FROM golang:1.24
WORKDIR /srv
COPY . .
RUN go build -o gate .
CMD ["./gate"]
"""
PAGES_FILES = {
    "go.mod": "module example.com/gate\n\ngo 1.24\n",
    "main.go": 'package main\n\nimport "html/template"\n\n'
    'func main() { template.ParseGlob("web/templates/*.html") }\n',
    "web/templates/index.html": "<p>\n",
    "web/notes/index.html": "<p>\n",
}
PAGES_NEW = """FROM golang:1.24 AS builder
WORKDIR /srv
COPY . .
RUN go build -o gate .

FROM debian:trixie-slim
WORKDIR /srv
COPY {} {}
COPY --from=builder /srv/gate /srv/gate
CMD ["./gate"]
"""


@pytest.mark.parametrize("copied", ["web", "web/templates", "web/notes"])
def test_a_directory_that_a_compiled_program_names(copied: str, tmp_path: Path) -> None:
    found = differences(PAGES, PAGES_NEW.format(copied, f"./{copied}"), PAGES_FILES, tmp_path)
    assert ("web/templates" in found) == (copied == "web/notes")


SERVED = """FROM node:20
WORKDIR /app
COPY package.json ./
RUN npm install
COPY . .
RUN npm run build
RUN npm install -g serve@14.2.4
RUN npm install -g pnpm@9
CMD ["serve", "-s", "dist"]
"""
SERVED_NEW = """FROM node:20 AS builder
WORKDIR /app
COPY package.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:20
WORKDIR /app
COPY --from=builder /app/dist /app/dist
RUN npm install -g serve@14.2.4
RUN npm install -g pnpm@9
CMD ["serve", "-s", "dist"]
"""


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param("", "", id="reads nothing"),
        pytest.param("cat /etc/hosts", "", id="reads another file"),
        pytest.param('cat "$SETTINGS"', "/app/notes.txt", id="reads what only run time knows"),
    ],
)
def test_what_a_start_script_reads(line: str, problem: str, tmp_path: Path) -> None:
    files = {**GO_FILES, "notes.txt": "", "start.sh": f"#!/bin/sh\n{line}\nexec /app/gate\n"}
    found = differences(GO, GO_NEW, files, tmp_path)
    assert problem in found if problem else not found


@pytest.mark.parametrize("package", ["", "serve@14.2.4", "pnpm@9"])
def test_a_program_that_is_installed_by_its_name(package: str, tmp_path: Path) -> None:
    files = {"package.json": '{"scripts": {"build": "vite build"}}', "index.html": ""}
    new = changed(SERVED_NEW, (f"RUN npm install -g {package}\n" if package else "", ""))
    found = differences(SERVED, new, files, tmp_path)
    assert ("serve" in found) == (package == "serve@14.2.4"), found


COMPILED = """FROM python:3.11
WORKDIR /app
COPY native native
COPY app.py ./
RUN cc -o /usr/local/bin/tool native/tool.c{}
CMD ["python", "app.py"]
"""
COMPILED_NEW = """FROM python:3.11 AS builder
WORKDIR /app
COPY native native
COPY app.py ./
RUN cc -o /usr/local/bin/tool native/tool.c{}

FROM python:3.11-slim
WORKDIR /app
COPY app.py ./
COPY --from=builder /usr/local/bin/tool /usr/local/bin/tool
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(
    ("end", "lacks"),
    [
        pytest.param("", True, id="they stay"),
        pytest.param(" && rm native/other.c", True, id="another is deleted"),
        pytest.param(" && rm -rf native", False, id="they are deleted"),
    ],
)
def test_files_of_the_context_that_a_step_deletes(end: str, lacks: bool, tmp_path: Path) -> None:
    files = {"native/tool.c": "", "native/other.c": "", "app.py": "import subprocess\n"}
    found = differences(COMPILED.format(end), COMPILED_NEW.format(end), files, tmp_path)
    assert ("/app/native/tool.c" in found) == lacks, found


OVERLAID = """FROM python:3.12
WORKDIR /srv
COPY app.py ./
{}
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(
    ("copies", "problem"),
    [
        pytest.param("COPY names ./names\nCOPY others ./names", "", id="the same"),
        pytest.param("COPY names others ./names/", "", id="in one"),
        pytest.param("COPY others ./names\nCOPY names ./names", "names/a.txt", id="swapped"),
        pytest.param("COPY others names ./names/", "names/a.txt", id="swapped in one"),
    ],
)
def test_the_last_copy_of_a_file_counts(copies: str, problem: str, tmp_path: Path) -> None:
    files = {"app.py": "open('names/a.txt')\n", "names/a.txt": "", "names/b.txt": "", "others/a.txt": ""}
    old = OVERLAID.format("COPY names ./names\nCOPY others ./names")
    found = differences(old, OVERLAID.format(copies), files, tmp_path)
    assert problem in found if problem else not found, found


ARCHIVES = """FROM python:3.12{builder}
WORKDIR /app
COPY . .
RUN pip install {packages}
{final}CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(("packages", "lost"), [("poetry", False), ("dist/*", True), ("$WHEEL", True)])
def test_an_install_of_unknown_packages_is_no_installer(packages: str, lost: bool, tmp_path: Path) -> None:
    final = "\nFROM python:3.12-slim\nWORKDIR /app\nCOPY --from=builder /app /app\n"
    old = ARCHIVES.format(builder="", packages=packages, final="")
    new = ARCHIVES.format(builder=" AS builder", packages=packages, final=final)
    found = differences(old, new, {"app.py": "import os\n"}, tmp_path)
    assert ("would be missing" in found) is lost
