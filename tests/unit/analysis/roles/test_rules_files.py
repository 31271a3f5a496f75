"""Steps that work on files by name: where they are executed, and what is copied because of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.role_tables import NODE, Row, holds

APP = ("FROM node:22", "WORKDIR /app", "COPY . .")
INSTALL = ("RUN npm ci",)
START = 'CMD ["node", "index.js"]'
FILES, REWORKS, OWNED = ("run", "files"), ("build", "reworks"), ("build", "reworks_owned")
TEMPORARY, DELETES = ("build", "temporary"), ("build", "files_of_build")
MADE = "RUN mkdir -p /home/app && echo 1 > /home/app/version"
MODULES = "/app/node_modules"
ARCHIVE = "RUN curl -fsSLo /srv/geo.tar.gz https://example.org/geo.tar.gz && mkdir -p /opt/geo"

ROWS = (
    Row(
        id="files-that-no-build-step-made",
        file=(
            *APP,
            *INSTALL,
            "RUN echo a > /etc/a.conf && cp /etc/a.conf /etc/b.conf && rm /etc/hosts.deny",
            START,
        ),
        roles={"echo": FILES, "cp": FILES, "rm": FILES},
        copied=(MODULES,),
    ),
    Row(
        id="attributes-of-what-the-final-stage-has",
        file=(*APP, *INSTALL, "RUN chmod +x /app/index.js && chown node /srv && chgrp -R node /etc/*", START),
        roles={"chmod": FILES, "chown": FILES, "chgrp": FILES},
    ),
    # made of build output
    Row(
        id="moved-output",
        file=(*APP, *INSTALL, "RUN mv node_modules /opt/modules && touch /opt/modules/.done", START),
        roles={"mv": REWORKS, "touch": REWORKS},
        copied=("/opt/modules",),
    ),
    Row(
        id="a-chain-of-moves",
        file=(*APP, *INSTALL, "RUN cp -r node_modules /opt/a && cp -r /opt/a /opt/b && rm -r /opt/a", START),
        roles={"cp -r node_modules": TEMPORARY, "cp -r /opt/a": REWORKS, "rm": REWORKS},
        copied=(MODULES, "/opt/b"),
    ),
    Row(
        id="any-file-before-anything-is-built",
        file=(*APP, "RUN cp $(cat list) /srv/pages/", START),
        roles={"cp": FILES},
        copied=(),
    ),
    Row(
        id="any-file-beside-output",
        file=(*APP, *INSTALL, "RUN cp $(cat list) /srv/pages/", START),
        roles={"cp": REWORKS},
        copied=(MODULES, "/srv/pages"),
    ),
    Row(
        id="any-file-into-a-system-directory",
        file=(*APP, *INSTALL, "RUN cp $(cat list) /usr/local/bin/", START),
        roles={"cp": FILES},
        copied=(MODULES,),
    ),
    Row(
        id="any-file-of-a-project-that-is-copied-whole",
        file=(*APP, "RUN cp $(cat list) /srv/pages/", "RUN npm run build", START),
        roles={"cp": REWORKS},
        copied=("/srv/pages", "/app"),
    ),
    Row(
        id="unknown-files-into-a-system-directory",
        file=(*APP, *INSTALL, "RUN cp node_modules/.bin/* /usr/local/bin/", START),
        roles={"cp": ("unknown", "files_unknown")},
    ),
    Row(
        id="directories",
        file=(
            *APP,
            "RUN mkdir /opt/geo && curl -fsSLo /opt/geo/a https://example.org/a && mkdir /opt/empty",
            START,
        ),
        roles={"mkdir /opt/geo": ("build", "directory"), "mkdir /opt/empty": FILES},
    ),
    # deletions
    Row(
        id="deleted-with-what-the-final-stage-has",
        file=(*APP, *INSTALL, "RUN rm -rf node_modules/.cache index.js", START),
        roles={"rm": FILES},
    ),
    Row(
        id="an-archive-of-the-build",
        file=(*APP, ARCHIVE + " && tar xzf /srv/geo.tar.gz -C /opt/geo && rm /srv/geo.tar.gz", START),
        roles={"rm": REWORKS, "mkdir": REWORKS},
        copied=("/opt/geo",),
    ),
    Row(
        id="a-copied-file-that-only-the-build-reads",
        file=(
            "FROM node:22",
            "WORKDIR /app",
            "COPY package.json ./",
            "COPY package-lock.json ./",
            "RUN npm ci && rm package-lock.json",
            "COPY index.js .",
            START,
        ),
        roles={
            "rm": DELETES,
            "COPY package.json": ("both", "read_by_both"),
            "COPY package-lock": ("build", "read_by_build"),
            "COPY index": ("run", "files"),
        },
    ),
    Row(
        id="deleted-before-it-is-made",
        file=(*APP, "RUN rm -rf /app/node_modules", *INSTALL, START),
        roles={"rm": REWORKS},
        copied=(MODULES,),
    ),
    Row(
        id="deleted-before-it-is-copied",
        file=("FROM node:22", "RUN rm -rf /app/client", "WORKDIR /app", "COPY . .", *INSTALL, START),
        roles={"rm": FILES, "COPY . .": ("both", "read_by_both")},
        copied=(MODULES,),
    ),
    # temporary files
    Row(
        id="deleted-without-a-reader-in-the-builder",
        file=(*APP, "RUN echo a > /opt/a", "RUN rm /opt/a", *INSTALL, START),
        roles={"echo": FILES, "rm": FILES},
    ),
    Row(
        id="a-token",
        file=(*APP, "RUN echo token > .npmrc", *INSTALL, "RUN rm .npmrc", START),
        roles={"echo": TEMPORARY, "rm": REWORKS},
        copied=(MODULES,),
    ),
    Row(
        id="of-two-files-one-is-deleted",
        file=(*APP, "RUN touch /opt/a /opt/b", *INSTALL, "RUN rm /opt/a", START),
        roles={"touch": FILES, "rm": FILES},
        copied=(MODULES,),
    ),
    Row(
        id="read-by-the-final-stage-too",
        file=(*APP, "RUN echo token > .npmrc", *INSTALL, "RUN cp .npmrc /etc/npmrc", "RUN rm .npmrc", START),
        roles={"echo": FILES, "cp": FILES, "rm": FILES},
    ),
    # owners and modes
    Row(
        id="owner-of-a-directory-of-the-system",
        file=(*APP, *INSTALL, "RUN chown -R node /opt", START),
        roles={"chown": FILES},
        copied=(MODULES,),
    ),
    Row(
        id="owner-of-output",
        file=(*APP, *INSTALL, "RUN chown -R node node_modules", START),
        roles={"chown": OWNED},
        copied=(MODULES,),
    ),
    Row(
        id="owner-of-the-directory-above",
        file=(*APP, *INSTALL, "RUN echo 1 > build-number", "RUN chown -R node /app", START),
        roles={"chown": OWNED, "echo": REWORKS, "COPY . .": ("build", "inside_built")},
        copied=("/app",),
    ),
    Row(
        id="owner-of-a-directory-before-it-is-filled",
        file=(
            "FROM node:22",
            "RUN mkdir -p /app && chown -R node /app",
            "WORKDIR /app",
            "COPY package.json package-lock.json ./",
            *INSTALL,
            "COPY --chown=node . .",
            START,
        ),
        roles={"chown": FILES, "mkdir": FILES},
    ),
    *(
        Row(
            id=f"a-glob-{id_}",
            file=(
                "FROM python:3.12",
                "COPY requirements.txt /home/app/deps/",
                "RUN pip install -r /home/app/deps/requirements.txt",
                "COPY app.py /srv/",
                *steps,
                'CMD ["python", "/srv/app.py"]',
            ),
            files={"requirements.txt": "flask\n", "app.py": "import flask\n"},
            roles={"chown -R a": role},
        )
        for id_, role, steps in (
            ("of-other-files", FILES, ("RUN chown -R a /srv/*",)),
            ("of-files-of-the-build", ("build", "files_of_build"), ("RUN chown -R a /home/app/*",)),
            ("of-files-of-both", FILES, (MADE, "RUN chown -R a /home/app/*")),
            ("that-is-set-later", FILES, (MADE, "RUN chown -R a /home/app/*", "RUN chown -R b /home/app/*")),
        )
    ),
    Row(
        id="capabilities-of-what-was-built",
        file=(
            "FROM golang:1.22",
            "WORKDIR /src",
            "COPY . .",
            "RUN go build -o /usr/local/bin/shop . && setcap cap_net_bind_service=+ep /usr/local/bin/shop",
            "RUN setcap cap_net_raw=+ep /bin/ping",
            'CMD ["shop"]',
        ),
        files={"go.mod": "module a\n\ngo 1.22\n", "main.go": "package main\n\nfunc main() {}\n"},
        roles={"setcap cap_net_bind": REWORKS, "setcap cap_net_raw": ("run", "system")},
        copied=("/usr/local/bin/shop",),
    ),
    # what the final stage must not bring back
    Row(
        id="deleted-files-of-the-context",
        file=(*APP, *INSTALL, "RUN cd client && npm run build && cd .. && rm -rf client", START),
        files={**NODE, "client/package.json": '{"scripts": {"build": "tsc"}}'},
        roles={"rm": REWORKS, "COPY . .": ("build", "inside_built")},
        copied=("/app",),
    ),
    Row(
        id="files-of-the-context-that-the-final-stage-deletes",
        file=(*APP, *INSTALL, "RUN rm -rf client", START),
        roles={"rm": FILES, "COPY . .": ("both", "read_by_both")},
        copied=(MODULES,),
    ),
    Row(
        id="an-install-into-a-tree-that-comes-with-packages",
        file=(
            *APP,
            *INSTALL,
            "FROM node:22",
            "WORKDIR /app",
            "COPY --from=0 /app .",
            "RUN npm ci --omit=dev",
            START,
        ),
        roles={"COPY --from": ("build", "inside_built")},
        copied=("/app",),
    ),
    Row(
        id="an-install-beside-a-tree",
        file=(
            *APP,
            *INSTALL,
            "FROM node:22",
            "WORKDIR /app",
            "COPY --from=0 /app/dist dist",
            "RUN npm ci",
            START,
        ),
        roles={"COPY --from": ("both", "read_by_both")},
        copied=(MODULES,),
    ),
    Row(
        id="an-install-into-a-context-with-packages",
        file=(*APP, *INSTALL, START),
        files={**NODE, "node_modules/a/package.json": "{}"},
        roles={"COPY . .": ("build", "inside_built")},
        copied=("/app",),
    ),
    # settings
    Row(
        id="a-registry-before-an-install-of-the-final-stage",
        file=(*APP, "RUN npm config set registry https://example.org", "RUN npm install -g koa-cli", START),
        roles={"config": FILES},
    ),
    Row(
        id="a-registry",
        file=(*APP, "RUN npm config set registry https://example.org", *INSTALL, START),
        roles={"config": ("build", "installer_setting")},
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_file_rules(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)
