"""What is done on request only, and where it is not done: one table for all the options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from slimify import pipeline
from slimify.config import Options
from slimify.model.outcome import Outcome

MODULE = "module example.com/shop\n\ngo 1.22\n"
SERVER = 'package main\n\nimport "net/http"\n\nfunc main() { _ = http.ListenAndServe(":8080", nil) }\n'
SHOP: Mapping[str, str] = {"go.mod": MODULE, "main.go": SERVER}
BUILD = ("WORKDIR /app", "COPY . .", "RUN go build -o /usr/local/bin/shop .")
GO = ("FROM golang:1.22-bookworm", *BUILD, 'CMD ["/usr/local/bin/shop"]')
ALPINE = ("FROM golang:1.22-alpine3.20", *GO[1:])
READS = 'package main\n\nimport "os"\n\nfunc main() { os.ReadFile("data/a.txt") }\n'


@dataclass(frozen=True, kw_only=True)
class Row:
    """A Dockerfile, options, and what has to hold: lines of the new file, and text in none of them;
    `codes` of decisions with a word of each."""

    id: str
    file: tuple[str, ...]
    options: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=lambda: SHOP)
    lines: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)


PACKAGE = '{"name": "shop", "dependencies": {"express": "4"}, "scripts": {"start": "node index.js"}}'
NODE: Mapping[str, str] = {
    "package.json": PACKAGE,
    "package-lock.json": '{"lockfileVersion": 3, "packages": {}}',
    "index.js": 'require("express")().listen(3000)\n',
}
FLASK: Mapping[str, str] = {"requirements.txt": "flask\n", "app.py": "import flask\n"}
DEBUG = {"debug_target": True}
NONROOT = {"nonroot": True}
MOUNTS = {"cache_mounts": True}


def npm(*steps: str, base: str = "FROM node:20") -> tuple[str, ...]:
    return (base, "WORKDIR /app", "COPY . .", *steps, 'CMD ["node", "index.js"]')


ROWS = (
    # --- debug target ------------------------------------------------------------------------------
    Row(id="debug-not-asked-for", file=GO, options={}, never=("debug", "AS runtime")),
    Row(
        id="debug-not-needed",
        file=ALPINE,
        options=DEBUG,
        never=("debug", "AS runtime"),
        codes={"SL333": "already has a shell"},
    ),
    Row(
        id="debug-name-is-taken",
        file=("FROM golang:1.22-bookworm AS debug", *GO[1:]),
        options=DEBUG,
        never=("AS runtime",),
        codes={"SL333": "already called debug"},
    ),
    Row(
        id="debug-beside-distroless",
        file=GO,
        options=DEBUG,
        lines=(
            "FROM gcr.io/distroless/base-debian12 AS runtime",
            "FROM runtime AS debug",
            "COPY --from=gcr.io/distroless/base-debian12:debug /busybox /busybox",
            "FROM runtime",
        ),
        codes={"SL332": "--target debug"},
    ),
    Row(
        id="debug-is-always-built-by-some",
        file=GO,
        options={**DEBUG, "builder": "kaniko"},
        lines=("FROM runtime AS debug",),
        codes={"SL332": "kaniko builds it even when"},
    ),
    Row(
        id="debug-in-the-case-of-the-file",
        file=("from golang:1.22-bookworm as runtime", *GO[1:]),
        options=DEBUG,
        lines=("from final as debug", "from final as runtime"),
    ),
    # --- cache mounts and builders ------------------------------------------------------------------
    Row(id="mounts-not-asked-for", file=GO, options={}, never=("--mount",)),
    Row(
        id="mounts-kaniko",
        file=GO,
        options={**MOUNTS, "builder": "kaniko"},
        never=("--mount",),
        codes={"SL335": "kaniko does not support them"},
    ),
    Row(
        id="mounts-legacy",
        file=GO,
        options={**MOUNTS, "builder": "legacy"},
        never=("--mount",),
        codes={"SL335": "the legacy builder does not support them"},
    ),
    Row(
        id="mounts-old-front-end",
        file=("# syntax=docker/dockerfile:1.1", *GO),
        options=MOUNTS,
        never=("--mount",),
        codes={"SL335": "not known to support them"},
    ),
    Row(
        id="mounts-front-end-of-somebody-else",
        file=("# syntax=example.com/frontend:2", *GO),
        options=MOUNTS,
        never=("--mount",),
        codes={"SL335": "not known to support them"},
    ),
    Row(
        id="mounts-a-script-may-count-on-the-modules",
        file=(GO[0], "RUN unheard-of --thing", *GO[1:]),
        options={**MOUNTS, "base": "same"},
        never=("--mount",),
        codes={"SL335": "line 2 may rely on it"},
    ),
    Row(
        id="mounts-module-cache-is-read",
        file=(*GO[:3], "RUN go mod download && cp -r /go/pkg/mod/cache/download /tmp/proxy", *GO[3:]),
        options=MOUNTS,
        never=("--mount",),
        codes={"SL335": "line 4 names it"},
    ),
    Row(
        id="mounts-cache-is-emptied",
        file=npm("RUN npm ci && npm cache clean --force"),
        files=NODE,
        options=MOUNTS,
        never=("--mount",),
        codes={"SL335": "line 4 empties it"},
    ),
    Row(
        id="mounts-mount-point-is-removed",
        file=npm("RUN npm ci && rm -rf ~/.npm /tmp/*"),
        files=NODE,
        options=MOUNTS,
        never=("--mount",),
        codes={"SL335": "line 4"},
    ),
    Row(
        id="mounts-directory-above-is-removed",
        file=(
            "FROM python:3.12",
            "COPY requirements.txt app.py ./",
            "RUN pip install -r requirements.txt && rm -rf /root/.cache",
            'CMD ["python", "app.py"]',
        ),
        files={"requirements.txt": "flask\n", "app.py": "import flask\n"},
        options=MOUNTS,
        never=("--mount",),
        codes={"SL335": "line 3 deletes it"},
    ),
    Row(
        id="mounts-user-is-not-root",
        file=npm("RUN chown node /app", "USER node", "RUN npm ci", "USER root"),
        files=NODE,
        options=MOUNTS,
        never=("--mount",),
        codes={"SL335": "runs as node"},
    ),
    Row(
        id="mounts-go",
        file=GO,
        options=MOUNTS,
        lines=(
            "RUN --mount=type=cache,target=/root/.cache/go-build \\",
            "    --mount=type=cache,target=/go/pkg/mod \\",
            "    go build -o /usr/local/bin/shop .",
        ),
        codes={"SL334": "/go/pkg/mod"},
    ),
    Row(
        id="mounts-buildah",
        file=GO,
        options={**MOUNTS, "builder": "buildah"},
        lines=("    --mount=type=cache,target=/go/pkg/mod \\",),
    ),
    Row(
        id="mounts-cache-elsewhere",
        file=("# syntax=docker/dockerfile:1", *npm("ENV NPM_CONFIG_CACHE=/var/npm", "run npm ci")),
        files=NODE,
        options=MOUNTS,
        lines=("run --mount=type=cache,target=/var/npm \\", "    npm ci"),
    ),
    Row(
        id="mounts-pip-may-keep",
        file=(
            "FROM python:3.12",
            "COPY requirements.txt app.py ./",
            "RUN pip install --no-cache-dir -r requirements.txt",
            'CMD ["python", "app.py"]',
        ),
        files={"requirements.txt": "flask\n", "app.py": "import flask\n"},
        options=MOUNTS,
        lines=("RUN --mount=type=cache,target=/root/.cache/pip \\", "    pip install -r requirements.txt"),
    ),
    Row(
        id="builder-knows-it-all",
        file=npm("RUN --network=default npm ci"),
        files=NODE,
        options={},
        lines=("RUN --network=default npm ci",),
    ),
    Row(
        id="builder-does-not-know-the-file",
        file=npm("RUN --network=default npm ci"),
        files=NODE,
        options={"builder": "legacy"},
        lines=("RUN --network=default npm ci",),
        codes={"SL337": "RUN --network"},
    ),
    Row(
        id="builder-knows-modes-by-number-only",
        file=npm(
            "COPY --chmod=u=rw,g=r package.json LICENSE", "COPY --chmod=640 package.json NOTICE", "RUN npm ci"
        ),
        files=NODE,
        options={"builder": "kaniko"},
        lines=("COPY --chmod=640 package.json NOTICE",),
        codes={"SL337": "kaniko does not support COPY --chmod=u=rw,g=r"},
    ),
)


def go_with(statement: str) -> Mapping[str, str]:
    """A server that also does something."""
    text = f'package main\n\nimport (\n"net/http"\n"os"\n)\n\nfunc main() {{\n{statement}\n'
    return {"go.mod": MODULE, "main.go": text + 'http.ListenAndServe(":8080", nil)\n}\n'}


def flask(*steps: str, start: str = 'CMD ["python", "app.py"]') -> tuple[str, ...]:
    install = ("WORKDIR /app", "COPY requirements.txt .", "RUN pip install -r requirements.txt")
    return ("FROM python:3.12", *install, "COPY app.py .", *steps, start)


def stays(name: str, why: str, file: tuple[str, ...], files: Mapping[str, str] = SHOP) -> Row:
    """It runs as root as before, and the reason is said."""
    return Row(
        id=f"root-{name}",
        file=file,
        files=files,
        options=NONROOT,
        never=("USER 65532", "USER 1", "10001"),
        codes={"SL331": why},
    )


USERS = (
    Row(id="user-not-asked-for", file=GO, options={}, never=("USER",)),
    # --- stays root --------------------------------------------------------------------------------
    stays("sets-a-user", "line 4 sets the user", npm("USER node", "RUN true"), NODE),
    stays("volume", "the volume /data", (*GO[:-1], "VOLUME /data", GO[-1])),
    stays("low-port", "80/tcp", (*GO[:-1], "EXPOSE 80", GO[-1])),
    stays("low-port-in-env", "listens on 443", (*GO[:-1], "ENV PORT=443", GO[-1])),
    stays("low-port-as-argument", "listens on 80", (*GO[:-1], 'CMD ["/usr/local/bin/shop", "-l", ":80"]')),
    stays("low-port-in-source", "5 uses a port", GO, {**SHOP, "main.go": SERVER.replace("8080", "80")}),
    stays("writes-anywhere", "main.go:9 writes to", GO, go_with("os.WriteFile(os.Args[1], nil, 0o644)")),
    stays("writes-beside-itself", "writes to log.txt", GO, go_with('os.WriteFile("log.txt", nil, 0o644)')),
    stays("writes-and-no-shell", "can't be given", GO, go_with('os.Mkdir("data", 0o755)')),
    stays("unknown-start", "what `odd` requires", flask(start='CMD ["odd"]'), FLASK),
    stays("writes-at-start", "may write", flask(start='CMD ["python", "app.py", "--db=x.db"]'), FLASK),
    stays("foreign-place", "given /data", flask(start='CMD ["python", "app.py", "/data"]'), FLASK),
    stays("foreign-place-in-env", "names /data", flask("ENV STATE=/data"), FLASK),
    stays("home-of-root", "other users can't access", flask("RUN touch /root/x"), FLASK),
    stays("closed-files", "removes other users' access", flask("RUN chmod 600 app.py"), FLASK),
    stays("closed-copy", "removes other users' access", flask("COPY --chmod=0700 app.py /b"), FLASK),
    stays("other-owner", "another user", flask("RUN chown 7 app.py"), FLASK),
    stays("database-in-source", "app.py:2", flask(), {**FLASK, "app.py": "import flask\nDB = 'sqlite:///x'\n"}),
    stays("module-that-keeps-files", "transformers", flask(), {**FLASK, "app.py": "import transformers\n"}),
    stays("log-in-settings", "log.ini:1", flask("COPY log.ini ."), {**FLASK, "log.ini": "file=/var/log/x\n"}),
    # --- another user ------------------------------------------------------------------------------
    Row(id="user-distroless", file=GO, options=NONROOT, lines=("USER 65532:65532",)),
    Row(
        id="user-alpine",
        file=ALPINE,
        options=NONROOT,
        lines=("    && adduser -D -u 10001 -G app -s /sbin/nologin app", "USER 10001:10001"),
    ),
    Row(id="user-node", file=npm("RUN npm ci"), files=NODE, options=NONROOT, lines=("USER 1000:1000",)),
    Row(id="user-in-lower-case", file=("from python:3.12", *flask()[1:]), files=FLASK, options=NONROOT,
        lines=("run groupadd --gid 10001 app \\", "user 10001:10001")),
    Row(id="user-temporary-files", file=GO, files=go_with('os.WriteFile("/tmp/x", nil, 0o644)'),
        options=NONROOT, lines=("USER 65532:65532",)),
    Row(
        id="user-gets-a-directory",
        file=flask(),
        files={**FLASK, "app.py": "import flask, os\nos.makedirs('data/new', exist_ok=True)\n"},
        options=NONROOT,
        lines=("RUN mkdir -p /app/data/new \\", "    && chown app:app /app/data/new", "USER 10001:10001"),
    ),
    Row(
        id="user-and-debug",
        file=GO,
        options={**NONROOT, **DEBUG},
        lines=("USER 65532:65532", "FROM runtime AS debug"),
    ),
)  # fmt: skip

KEPT = (
    Row(id="kept-nothing", file=GO, options={"keep_paths": ()}, never=("/app /app",)),
    Row(
        id="kept-is-there",
        file=GO,
        options={"keep_paths": ("/usr/local/bin/shop",)},
        never=("/usr/local/bin/shop /usr/local/bin/shop\nCOPY",),
    ),
    Row(
        id="kept-sources",
        file=GO,
        options={"keep_paths": ("/app",)},
        lines=("COPY --from=builder /app /app", "FROM gcr.io/distroless/base-debian12"),
        codes={"SL222": "/app is copied"},
    ),
    Row(
        id="kept-one-file-of-the-context",
        file=GO,
        options={"keep_paths": ("/app/main.go",)},
        lines=("COPY --from=builder /app/main.go /app/main.go",),
    ),
    Row(
        id="kept-beside-what-goes-along-anyway",
        file=GO,
        files={
            **SHOP,
            "main.go": READS,
            "README.md": "about\n",
            "data/a.txt": "a\n",
            "slimify.toml": "",
        },
        options={"keep_paths": ("/app/README.md", "/app/data/a.txt")},
        lines=("COPY data ./data", "COPY --from=builder /app/README.md /app/README.md"),
        never=("slimify.toml",),
    ),
    Row(
        id="kept-from-the-base-image",
        file=GO,
        options={"keep_paths": ("/usr/local/go/lib/time",)},
        lines=("FROM golang:1.22-bookworm",),
        codes={"SL396": "no step is known to create"},
    ),
    Row(
        id="kept-media-types-of-the-base-image",
        file=("FROM python:3.12", "WORKDIR /a", "COPY . .", "RUN pip install django", "CMD python m.py"),
        files={"m.py": "import django\n"},
        options={"keep_paths": ("/etc/mime.types",)},
        lines=("COPY --from=builder /etc/mime.types /etc/mime.types",),
        codes={"SL222": "/etc/mime.types is copied"},
    ),
    Row(
        id="kept-what-the-builder-makes",
        file=(*GO[:3], "RUN go build -o /opt/unused ./cmd/unused", *GO[3:]),
        files={**SHOP, "cmd/unused/main.go": "package main\n\nfunc main() {}\n"},
        options={"keep_paths": ("/opt/unused",)},
        lines=("COPY --from=builder /opt/unused /opt/unused",),
    ),
)  # fmt: skip


def outcome(row: Row, directory: Path) -> Outcome:
    for name, text in row.files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    data = "\n".join((*row.file, "")).encode()
    return pipeline.rewrite(data, name="Dockerfile", context=directory, options=Options(**row.options))


@pytest.mark.parametrize("row", [*ROWS, *USERS, *KEPT], ids=lambda row: row.id)
def test_on_request(row: Row, tmp_path: Path) -> None:
    found = outcome(row, tmp_path)
    assert found.kind == "rewritten", found.decisions
    assert found.after is not None
    missing = [line for line in row.lines if line not in found.after.split("\n")]
    assert (missing, [text for text in row.never if text in found.after]) == ([], []), found.after
    said = {decision.code: decision.text for decision in found.decisions}
    assert {code: word for code, word in row.codes.items() if word not in said.get(code, "")} == {}, said


@pytest.mark.parametrize("row", [*ROWS, *USERS, *KEPT], ids=lambda row: row.id)
def test_the_new_file_stays_as_it_is(row: Row, tmp_path: Path) -> None:
    found = outcome(row, tmp_path)
    again = pipeline.rewrite(
        (found.after or "").encode(),
        name="Dockerfile",
        context=tmp_path,
        options=Options(**row.options),
    )
    assert (again.kind, again.after) == ("unchanged", None)


ODD = (
    "FROM golang:alpine",
    "RUN apk add --no-cache htop && update-odd",
    "WORKDIR /a",
    "COPY . .",
    "RUN go build -o /b .",
)


@pytest.mark.parametrize(
    ("file", "told"), [(ODD, False), ((ODD[0], "RUN apk add --no-cache htop", *ODD[2:]), True)]
)
def test_what_is_still_installed_is_not_said_to_be_left_out(
    file: tuple[str, ...], told: bool, tmp_path: Path
) -> None:
    row = Row(id="", file=(*file, 'CMD ["/b"]'), files=SHOP, options={"drop_unused": True})
    found = outcome(row, tmp_path)
    last = (found.after or "").rpartition("FROM")[2]
    assert ("htop" in last, "htop" in str([d.text for d in found.decisions if d.code == "SL206"])) == (
        not told,
        told,
    )
