"""Small build contexts with what golden cases have little of: links, mounts, sourced scripts, settings."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

_GO_MAIN = 'package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe(":8080", nil) }\n'


def _archive() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo("stars.csv")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"a,b\n\n"))
    return out.getvalue()


_CONTEXTS: dict[str, dict[str, str | bytes]] = {
    "own-go-link": {
        "Dockerfile": """FROM golang:1.24
WORKDIR /src
COPY . .
RUN mkdir -p /opt/gate && go build -o /opt/gate/gate-v2 . && ln -s gate-v2 /opt/gate/gate
EXPOSE 80
CMD ["/opt/gate/gate"]
""",
        "go.mod": "module example.com/gate\n\ngo 1.24\n",
        "main.go": _GO_MAIN,
    },
    "own-go-gopath": {
        "Dockerfile": """FROM golang:1.24
WORKDIR /src
COPY . .
RUN go install . && chmod 755 $GOPATH/bin/tides
RUN mkdir -p /var/lib/tides; chown 1000:1000 /var/lib/tides
STOPSIGNAL SIGQUIT
USER 1000
VOLUME /var/lib/tides
CMD ["tides"]
""",
        "go.mod": "module example.com/tides\n\ngo 1.24\n",
        "main.go": _GO_MAIN,
    },
    "own-go-clock": {
        "Dockerfile": """FROM golang:1.24-alpine
WORKDIR /src
COPY . .
RUN go build -o /usr/local/bin/clock .
CMD ["clock"]
""",
        "go.mod": "module example.com/clock\n\ngo 1.24\n",
        "main.go": 'package main\n\nimport "time"\n\n'
        'func main() { l, _ := time.LoadLocation("Asia/Tokyo"); println(time.Now().In(l).String()) }\n',
    },
    "own-py-types": {
        "Dockerfile": """FROM python:3.12
WORKDIR /srv
COPY types.py ./
CMD ["python", "types.py"]
""",
        "types.py": 'import mimetypes\nprint(mimetypes.guess_type("a.docx"))\n',
    },
    "own-py-start": {
        "Dockerfile": """FROM python:3.12
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
LABEL team=fruit version="2"
RUN apt-get update; apt-get install -y gcc libpq-dev curl; rm -rf /var/lib/apt/lists/*
WORKDIR /srv
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
RUN chmod +x docker/start.sh && useradd --uid 1500 --create-home mango && chown -R mango:mango /srv/data
HEALTHCHECK --interval=30s CMD curl -fsS http://localhost:8000/ || exit 1
USER mango
EXPOSE 8000
ENTRYPOINT ["docker/start.sh"]
CMD ["gunicorn", "mango.run:app", "--bind", "0.0.0.0:8000"]
""",
        "requirements.txt": "gunicorn==22.0.0\npsycopg2==2.9.9\nflask==3.0.3\n",
        "docker/start.sh": '#!/bin/bash\nsource /srv/docker/env.sh\nexec "$@"\n',
        "docker/env.sh": "export MANGO_COLOUR=yellow\n",
        "data/kinds.txt": "alphonso\n",
        "mango/__init__.py": "",
        "mango/run.py": 'import psycopg2, flask\n\napp = flask.Flask(__name__)\nopen("data/kinds.txt")\n',
    },
    "own-node-mounts": {
        "Dockerfile": """# syntax=docker/dockerfile:1
FROM node:20
WORKDIR /srv
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \\
    --mount=type=bind,source=package.json,target=package.json \\
    --mount=type=bind,source=package-lock.json,target=package-lock.json \\
    npm ci
COPY . .
USER node
EXPOSE 3000
CMD ["node", "server.js"]
""",
        "package.json": '{"name": "fig", "dependencies": {"express": "4.19.2"}}',
        "package-lock.json": '{"name": "fig", "lockfileVersion": 3, "packages": '
        '{"": {"dependencies": {"express": "4.19.2"}}, '
        '"node_modules/express": {"version": "4.19.2"}}}',
        "server.js": 'require("express")().listen(3000);\nrequire("fs").readFileSync("fig.html");\n',
        "fig.html": "<p>fig</p>\n",
    },
    "own-py-ignored": {
        "Dockerfile": """FROM python:3.12
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
ADD stars.tar.gz /usr/share/stars/
COPY . .
CMD ["python", "tides.py"]
""",
        ".gitignore": "local.ini\n*.secret\n",
        "local.ini": "[tides]\nplace = here\n",
        "stars.tar.gz": _archive(),
        "requirements.txt": "requests==2.32.3\n",
        "tides.py": 'import configparser, requests\n\nconfigparser.ConfigParser().read("local.ini")\n'
        'open("/usr/share/stars/stars.csv")\nrequests.get("https://example.com")\n',
    },
    "own-node-served": {
        "Dockerfile": """FROM node:20
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build
CMD ["npm", "start"]
""",
        "package.json": '{"name": "kite", "scripts": {"build": "tsc -p .", "start": "ts-node server.ts"}, '
        '"dependencies": {"express": "4.19.2"}, '
        '"devDependencies": {"typescript": "5.4.5", "ts-node": "10.9.2"}}',
        "package-lock.json": '{"name": "kite", "lockfileVersion": 3, "packages": {}}',
        "tsconfig.json": '{"compilerOptions": {"outDir": "dist"}}',
        "server.ts": 'import express from "express";\nexpress().listen(3000);\n',
    },
    "own-alpine-virtual": {
        "Dockerfile": """FROM python:3.12-alpine
RUN apk add --no-cache libffi openssl bash
RUN apk add --no-cache --virtual .build gcc musl-dev libffi-dev openssl-dev
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --no-binary cffi -r requirements.txt
RUN apk del .build
COPY run.sh app.py ./
CMD ["bash", "run.sh"]
""",
        "requirements.txt": "cffi==1.16.0\n",
        "run.sh": "exec python app.py\n",
        "app.py": "import cffi\n",
    },
    "own-go-capability": {
        "Dockerfile": """ARG GO=1.24
FROM golang:${GO}
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN apt-get update && apt-get install -y libcap2-bin
RUN useradd --uid 1500 gull
WORKDIR /src
COPY . .
RUN go build -o /opt/gull/gull . && setcap cap_net_bind_service=+ep /opt/gull/gull
RUN mkdir -p /var/lib/gull && echo fish > /var/lib/gull/food && chown -R gull:gull /var/lib/gull
VOLUME /var/lib/gull
COPY <<'EOF' /opt/gull/gull.conf
food=$HOME/food
EOF
USER gull
CMD ["/opt/gull/gull"]
""",
        "go.mod": "module example.com/gull\n\ngo 1.24\n",
        "main.go": _GO_MAIN.replace(
            "{ http", '{ os.ReadFile("/opt/gull/gull.conf"); os.ReadFile("/var/lib/gull/food"); http'
        ).replace('import "net/http"', 'import (\n\t"net/http"\n\t"os"\n)'),
    },
    "own-go-account": {
        "Dockerfile": """FROM golang:1.24
ENV KEEPER=heron
RUN useradd --create-home heron
WORKDIR /src
COPY . .
RUN chown -R $KEEPER /src
RUN go build -o /srv/heron .
USER heron
CMD ["/srv/heron"]
""",
        "go.mod": "module heron\n\ngo 1.24\n",
        "main.go": 'package main\n\nimport "os"\n\nfunc main() {\n\tos.Create("log.txt")\n}\n',
    },
    "own-go-repeated": {
        "Dockerfile": """FROM golang:1.24
WORKDIR /app
COPY . .
RUN sh scripts/build.sh && chmod 644 locale/*
RUN go build -o server .
CMD ["./server"]
""",
        "scripts/build.sh": "mkdir -p locale\nfor name in $(ls messages); do\n"
        '  cp "messages/$name" locale/\ndone\n',
        "messages/de.po": "Hallo\n",
        "go.mod": "module example.com/heron\n\ngo 1.24\n",
        "main.go": 'package main\n\nimport "os"\n\nfunc main() { os.ReadFile("locale/de.po") }\n',
    },
    "own-py-digest": {
        "Dockerfile": """FROM python:3.12@sha256:DIGEST
WORKDIR /app
USER nobody
RUN date > /tmp/built
USER root
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt && rm -rf /root/.cache
COPY <<EOF /etc/wren.conf
place=$PYTHON_VERSION
EOF
COPY wren.py ./
USER nobody
CMD ["python", "wren.py"]
""".replace("DIGEST", "0123456789abcdef" * 4),
        "requirements.txt": "bottle==0.13.2\n",
        "wren.py": 'import bottle\n\nopen("/etc/wren.conf")\nbottle.run()\n',
    },
    "own-py-loop": {
        "Dockerfile": """FROM python:3.12
WORKDIR /srv
COPY . .
RUN mkdir -p /var/lib/swift && for f in songs/*.txt; do cp $f /var/lib/swift/; done
RUN pip install -r requirements.txt
CMD ["python", "swift.py"]
""",
        "requirements.txt": "bottle==0.13.2\n",
        "swift.py": 'import bottle\n\nopen("/var/lib/swift/may.txt")\nbottle.run()\n',
        "songs/may.txt": "",
    },
    "own-py-left-out": {
        "Dockerfile": """FROM python:3.12
RUN apt-get update && apt-get install -y nginx jq
RUN rm /etc/nginx/sites-enabled/default
RUN useradd --create-home heron
RUN mkdir /pond
WORKDIR /srv
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
RUN cd /pond && python /srv/fill.py
RUN jq . settings.json > /pond/settings.json
RUN python -m pytest -q tests
RUN chown -R heron /pond
USER heron
CMD ["python", "heron.py"]
""",
        "requirements.txt": "psycopg2==2.9.9\npytest==8.3.4\n",
        "settings.json": "{}\n",
        "fill.py": 'open("fish.txt", "w").close()\n',
        "tests/test_heron.py": "def test_nothing():\n    pass\n",
        "heron.py": 'import psycopg2\n\nopen("/pond/settings.json")\nopen("/pond/fish.txt")\n',
    },
    "own-go-places": {
        "Dockerfile": """FROM golang:1.24
RUN useradd --uid 1500 crake
WORKDIR /src
COPY . .
RUN cd tools && sh words.sh
RUN cp words.txt /var/lib/words.txt
RUN go build -tags plain -o /crake/crake .
COPY crake.ini /settings/
ENV CRAKE=/crake
ENV PATH=$CRAKE:$PATH
USER crake
WORKDIR /nest
CMD ["crake"]
""",
        "go.mod": "module example.com/crake\n\ngo 1.24\n",
        "main.go": 'package main\n\nimport "os"\n\nfunc main() {\n\tos.ReadFile("/settings/crake.ini")\n'
        '\tos.ReadFile("/var/lib/words.txt")\n\tos.Create("egg.txt")\n}\n',
        "crake.ini": "",
        "words.txt": "of the top\n",
        "tools/words.sh": "echo crex > words.txt\n",
        "tools/words.txt": "of the tools\n",
    },
    "own-py-places": {
        "Dockerfile": """FROM python:3.12
RUN apt-get update && apt-get install -y graphviz=2.42.* && rm -rf /var/lib/apt/lists/*
SHELL ["/bin/bash", "-c"]
RUN useradd plover
WORKDIR /srv
COPY requirements.txt constraints.txt /lists/
RUN set -o pipefail && cat /lists/requirements.txt | sort > /srv/all.txt && pip install -r /srv/all.txt
COPY names ./names
COPY others ./names
COPY plover.py .
RUN chown -R plover /srv/names
USER plover
CMD ["python", "plover.py"]
""",
        "requirements.txt": "graphviz==0.20.3\n",
        "constraints.txt": "",
        "names/a.txt": "",
        "others/a.txt": "plover\n",
        "plover.py": 'import graphviz\n\nopen("names/a.txt", "a")\nopen("/lists/constraints.txt")\n',
    },
    "own-multi-go-net": {
        "Dockerfile": """FROM golang:1.24 AS tools
RUN apt-get update && apt-get install -y jq

FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN go build -o /out/rook .

FROM golang:1.24 AS image
RUN useradd --uid 1500 rook
COPY --from=build --chown=rook /out/rook /usr/local/bin/
USER rook
ENTRYPOINT ["rook"]
""",
        "go.mod": "module example.com/rook\n\ngo 1.24\n",
        "main.go": _GO_MAIN,
    },
    "own-multi-parent": {
        "Dockerfile": """FROM python:3.12 AS base
ENV PYTHONUNBUFFERED=1
RUN apt-get update && apt-get install -y gcc libpq-dev git
WORKDIR /srv
COPY requirements.txt .
RUN pip install -r requirements.txt
RUN ln -s /srv/bin/ibis /usr/local/bin/ibis

FROM base AS test
RUN pip install pytest
CMD ["pytest"]

FROM base AS image
RUN useradd --create-home ibis && mkdir /data && chown ibis /data
COPY . .
RUN chmod +x bin/ibis
USER ibis
VOLUME /data
EXPOSE 8000
CMD ["ibis"]
""",
        "requirements.txt": "psycopg2==2.9.9\n",
        "bin/ibis": "#!/usr/bin/env python3\nimport psycopg2\nimport subprocess\n"
        "\nsubprocess.run(['git', 'log'])\nopen('/data/nest.txt')\n",
    },
    "own-multi-venv": {
        "Dockerfile": """FROM python:3.12 AS build
ENV VENV=/opt/venv
ENV PATH=$VENV/bin:$PATH
RUN python -m venv $VENV
COPY requirements.txt .
RUN pip install -r requirements.txt

FROM node:20-slim AS pages
WORKDIR /pages
COPY package.json ./
RUN npm install
COPY pages ./pages
RUN npm run build

FROM python:3.12
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /srv
COPY --from=build /opt/venv /opt/venv
COPY --from=pages /pages/dist ./static
COPY wader.py ./
CMD ["python", "wader.py"]
""",
        "requirements.txt": "psycopg2==2.9.9\n",
        "package.json": '{"scripts": {"build": "parcel build"}, "devDependencies": {"parcel": "2"}}',
        "pages/index.html": "",
        "wader.py": "import psycopg2\n\nopen('static/index.html')\n",
    },
}


def write(directory: Path) -> list[Path]:
    """Writes each context as a golden case would be; the directories of the cases."""
    found = []
    for name, files in _CONTEXTS.items():
        case = directory / name
        for file, content in files.items():
            path = case / "input" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        (case / "case.toml").write_text('outcome = "rewritten"\n')
        found.append(case)
    return found
