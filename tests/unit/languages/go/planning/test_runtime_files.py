"""Go: which files and directories go along with a program. Cases that need no golden file."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.go_layouts import BUILD, MODULE, OPENS, SERVER, SHOP, SHOP_COPY, START, STARTS, Row, holds

READS = SERVER.replace("{ _", '{ _, _ = os.ReadFile("config/a"); _, _ = os.ReadFile("out/de.po"); _').replace(
    '"net/http"', '"net/http"\nimport "os"'
)
GOOSE = "RUN go install github.com/pressly/goose/v3/cmd/goose@v3.15.0"
HELM = (
    "RUN curl -fsSL https://get.helm.sh/helm-v3.14.0-linux-amd64.tar.gz | tar -xz && "
    "mv linux-amd64/helm /usr/local/bin/helm && chmod +x /usr/local/bin/helm && rm -rf linux-amd64"
)
GATE = 'CMD ["/src/dist/shop"]'
OWN_PLACE = (
    'package main\n\nimport (\n\t"os"\n\t"path/filepath"\n)\n\nfunc main() {\n\te, _ := os.Executable()\n'
    '\t_, _ = os.ReadFile(filepath.Join(filepath.Dir(e), "de.txt"))\n}\n'
)
VENDORED = {
    "vendor/modules.txt": "# example.net/app v1.0.0\n## explicit\nexample.net/app\n",
    "vendor/example.net/app/a.go": 'package app\n\nimport "os"\n\nfunc Run() { os.Open(os.Getenv("X")) }\n',
}
IMPORTS = 'package main\n\nimport app "{0}"\n\nfunc main() {{ app.Run() }}\n'
NAMES = 'package main\n\nfunc name() string { return "./third_party/a.so" }\n\nfunc main() { name() }\n'
GENERATES = ("RUN go generate ./... && go build -o server .",)
SERVES = """package main

import "net/http"

//go:generate {0}
func main() {{ _ = http.ListenAndServe(":80", http.FileServer(http.Dir("static"))) }}
"""
ROWS = (
    *(
        Row(
            id=f"go-generate-starts-{command.split()[-1].rpartition('/')[2]}",
            file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", *GENERATES, 'CMD ["./server"]'),
            files={**SHOP, "main.go": SERVES.format(command), "static/a.js": "1\n"},
            final=(copied,),
        )
        for command, copied in (
            ("stringer -type=A", "COPY static ./static"),
            ("go run github.com/a/stringer@v1", "COPY static ./static"),
            ("go run ./gen", "COPY --from=builder /app /app"),
            ("./make.sh", "COPY --from=builder /app /app"),
        )
    ),
    Row(
        id="a-dependency-manager-leaves-nothing-that-the-program-reads",
        file=(
            "FROM golang:1.9",
            "WORKDIR /go/src/app",
            "COPY . .",
            "RUN go get -u github.com/golang/dep/cmd/dep && dep ensure && go build -o shop .",
            'CMD ["/go/src/app/shop"]',
        ),
        files={"Gopkg.toml": "", "main.go": READS},
        final=("COPY . .",),
        never=("COPY --from=builder /go/src/app /go/src/app",),
    ),
    Row(
        id="plugins-of-protoc-leave-nothing-that-the-program-reads",
        file=(
            "FROM golang:1.22",
            "WORKDIR /app",
            "COPY . .",
            "RUN protoc --go_out=. --go-grpc_out=. a.proto && go build -o /usr/local/bin/shop .",
            START,
        ),
        files={"go.mod": MODULE, "a.proto": "", "main.go": READS},
        final=("COPY . .",),
        never=("COPY --from=builder /app /app",),
    ),
    Row(
        id="a-repeated-script-copies-what-a-pattern-matches",
        file=(
            "FROM golang:1.22",
            "WORKDIR /app",
            "COPY . .",
            "RUN sh make.sh && go build -o server .",
            'CMD ["./server"]',
        ),
        files={
            **SHOP,
            "main.go": READS,
            "config/a": "1\n",
            "make.sh": 'mkdir -p out\nfor f in texts/*.po; do cp "$f" out/; done\n',
            "texts/de.po": "de\n",
        },
        final=("COPY config ./config", "COPY texts ./texts", "RUN sh make.sh"),
    ),
    Row(
        id="what-a-program-names-below-third-party-code",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            **SHOP,
            "main.go": NAMES,
            "third_party/a.so": "1\n",
            "third_party/b/b.go": "package b\n",
        },
        final=("COPY third_party ./third_party",),
    ),
    Row(
        id="a-start-script-reads-what-only-run-time-knows",
        file=("FROM golang:1.22", *BUILD, 'CMD ["sh", "start.sh"]'),
        files={**SHOP, "start.sh": 'envsubst < "$SETTINGS" > /tmp/x\nexec shop\n'},
        final=("COPY . .",),
        reason="`envsubst` may read any file",
    ),
    Row(
        id="a-list-whose-last-command-is-its-status",
        file=(
            "FROM golang:1.22",
            *BUILD,
            "ENV CGO_ENABLED=0",
            "RUN mkdir -p /opt/rows; cp rules/in.txt /opt/rows/out.txt; rm -rf /tmp/*",
            START,
        ),
        files={**SHOP, "main.go": OPENS, "rules/in.txt": "1\n"},
        final=("RUN mkdir -p /opt/rows; cp rules/in.txt /opt/rows/out.txt; rm -rf /tmp/*",),
    ),
    Row(
        id="a-script-on-the-path",
        file=("FROM golang:1.22", *BUILD, "ENV PATH=$PATH:/app/bin", START),
        files={
            **SHOP,
            "main.go": STARTS.replace("NAME", '"helper"'),
            "bin/helper": "#!/bin/sh\necho\n",
            "tests/x": "",
        },
        final=("COPY bin ./bin",),
        never=("tests",),
    ),
    Row(
        id="a-file-behind-a-link",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            **SHOP,
            "main.go": SERVER.replace("{ _", '{ _, _ = os.ReadFile("themes/current/a.css"); _').replace(
                '"net/http"', '"net/http"\nimport "os"'
            ),
            "themes/plain/a.css": "a {}\n",
        },
        links={"themes/current": "plain"},
        final=("COPY themes ./themes",),
    ),
    Row(
        id="a-file-behind-a-link-on-top",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            **SHOP,
            "main.go": SERVER.replace("{ _", '{ _, _ = os.ReadFile("current/a.css"); _').replace(
                '"net/http"', '"net/http"\nimport "os"'
            ),
            "themes/plain/a.css": "a {}\n",
        },
        links={"current": "themes/plain"},
        final=("COPY . .",),
    ),
    # --- what goes along ---------------------------------------------------------------------------------
    Row(
        id="tools-of-the-build-stay-there",
        file=(
            "FROM golang:1.10",
            "RUN go get github.com/golang/protobuf/protoc-gen-go github.com/gorilla/mux",
            "COPY . /go/src/example.com/shop",
            "RUN go install example.com/shop",
            'CMD ["/go/bin/shop"]',
        ),
        files={"main.go": SERVER},
        never=("protoc-gen-go", "mux", "ENV PATH", "COPY . "),
    ),
    Row(
        id="named-files-only",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            **SHOP,
            "main.go": SERVER.replace("_ = http", 'loadTemplates("web/pages/index.html"); _ = http'),
            "web/pages/index.html": "x",
            "docs/manual.txt": "x",
            "vendor/x.io/y/y.go": "package y\n",
        },
        final=("COPY web ./web", SHOP_COPY),
        never=("docs", "vendor", "COPY . ."),
    ),
    Row(
        id="embedded-files-are-in-the-program",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            "go.mod": MODULE,
            "main.go": 'package main\n\nimport "embed"\n\n//go:embed web\nvar files embed.FS\n\n'
            'func main() { _, _ = files.Open("web") }\n',
            "web/index.html": "x",
        },
        never=("web",),
    ),
    Row(
        id="names-of-run-time-take-everything",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            "go.mod": MODULE,
            "main.go": 'package main\n\nimport "os"\n\nfunc main() { _, _ = os.Open(os.Args[1]) }\n',
            "data/a.csv": "1",
            "internal/x/x.go": "package x\n",
            "LICENSE": "",
        },
        final=("COPY . .",),
        reason="main.go:5 opens a file by a name that is put together",
    ),
    Row(
        id="asks-where-it-was-compiled",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            "go.mod": MODULE,
            "main.go": 'package main\n\nimport "runtime"\n\nfunc main() { runtime.Caller(0) }\n',
            "data/a.csv": "1",
        },
        final=("COPY data ./data",),
    ),
    Row(
        id="script-made-executable",
        file=("FROM golang:1.22", *BUILD, "RUN chmod +x wait.sh", START),
        files={**SHOP, "wait.sh": "#!/bin/sh\n"},
        base="debian:bookworm-slim",
        final=("COPY wait.sh ./", "RUN chmod +x wait.sh"),
    ),
    Row(
        id="scripts-that-a-line-in-the-shells-settings-names",
        file=(
            "FROM golang:1.22",
            *BUILD,
            "RUN echo '. /app/ops/aliases.sh' >> /root/.bashrc",
            START,
        ),
        files={
            **SHOP,
            "ops/aliases.sh": "alias last='sh /app/ops/last.sh'\n",
            "ops/last.sh": "cat /app/notes/last.txt\n",
            "notes/last.txt": "none",
            "drafts/first.txt": "none",
        },
        base="debian:bookworm-slim",
        final=("COPY ops ./ops", "COPY notes ./notes", "RUN echo '. /app/ops/aliases.sh' >> /root/.bashrc"),
        never=("drafts",),
    ),
    Row(
        id="mode-of-the-program-is-copied",
        file=("FROM golang:1.22", *BUILD[:2], BUILD[2] + " && chmod u+x /usr/local/bin/shop", START),
        final=(SHOP_COPY,),
        never=("chmod",),
    ),
    Row(
        id="mode-of-an-unpacked-program-is-copied",
        file=("FROM golang:1.22", HELM, *BUILD, START),
        files={**SHOP, "main.go": STARTS.replace("NAME", '"helm"')},
        final=("COPY --from=builder /usr/local/bin/helm /usr/local/bin/helm",),
        never=("chmod",),
    ),
    Row(
        id="copied-by-pattern",
        file=(
            "FROM golang:1.22",
            *BUILD[:2],
            "RUN go build -o bin/shop . && cp bin/* /usr/bin/",
            'ENTRYPOINT ["shop"]',
        ),
        final=("COPY --from=builder /usr/bin/shop /usr/bin/shop",),
    ),
    Row(
        id="own-program-prepares-data",
        file=("FROM golang:1.22", *BUILD, "RUN shop init --to /var/shop", START),
        base="debian:bookworm-slim",
        final=(SHOP_COPY, "RUN shop init --to /var/shop"),
    ),
    Row(
        id="go-run-is-compiled",
        file=("FROM golang:1.22", "WORKDIR /shop", "COPY . .", 'CMD ["go", "run", ".", "--port", "80"]'),
        final=('CMD ["/usr/local/bin/shop", "--port", "80"]', SHOP_COPY),
        reason="`go run` is replaced",
    ),
    Row(
        id="tests-of-the-context-say-nothing-about-the-program",
        file=(
            "FROM golang:1.22",
            "WORKDIR /app",
            "COPY . .",
            "RUN go build -o /usr/local/bin/shop ./cmd/shop",
            START,
        ),
        files={
            "go.mod": MODULE,
            "cmd/shop/main.go": SERVER,
            "cmd/other/main.go": 'package main\n\nimport "os/exec"\n\nfunc main() { exec.Command("git") }\n',
        },
        base="gcr.io/distroless/base-debian12",
    ),
    # --- directories -----------------------------------------------------------------------------------
    Row(
        id="empty-directory",
        file=("FROM golang:1.22", *BUILD, "RUN mkdir -p /data", START),
        base="gcr.io/distroless/base-debian12",
        final=("COPY --from=builder /data /data",),
        never=("RUN",),
    ),
    Row(
        id="empty-directory-of-a-user",
        file=("FROM golang:1.22", *BUILD, "RUN mkdir /data && chown -R 1000:0 /data", "USER 1000", START),
        base="gcr.io/distroless/base-debian12",
        final=("COPY --from=builder --chown=1000:0 /data /data", "USER 1000"),
    ),
    Row(
        id="directory-of-a-user-in-one-of-root",
        file=("FROM golang:1.22", *BUILD, "RUN mkdir -p /data/in /data/out && chown nobody /data/in", START),
        base="gcr.io/distroless/base-debian12",
        final=("COPY --from=builder /data /data",),
    ),
    Row(
        id="directory-beside-build-output-as-a-user",
        file=(
            "FROM golang:1.22",
            "WORKDIR /work/src",
            "COPY . .",
            "RUN mkdir -p /work/data && chown 1000 /work/data",
            "RUN go build -o /usr/local/bin/shop .",
            START,
        ),
        base="debian:bookworm-slim",
        final=("RUN mkdir -p /work/data && chown 1000 /work/data",),
    ),
    Row(
        id="directory-open-to-all",
        file=("FROM golang:1.22", *BUILD, "RUN mkdir /data && chmod 777 /data", START),
        base="debian:bookworm-slim",
        final=("RUN mkdir /data && chmod 777 /data",),
    ),
    Row(
        id="directory-with-a-mode",
        file=("FROM golang:1.22", *BUILD, "RUN mkdir -m 700 /data", START),
        base="debian:bookworm-slim",
    ),
    # --- what is known to be left where --------------------------------------------------------------
    Row(
        id="generator-of-api-documents",
        file=(
            "FROM golang:1.22",
            "WORKDIR /app",
            "COPY . .",
            "RUN go install github.com/swaggo/swag/cmd/swag@v1.16.3",
            "RUN swag init -g main.go",
            "RUN go build -o shop .",
            'CMD ["./shop"]',
        ),
        files={"go.mod": MODULE, "main.go": OPENS, "prices.csv": "tea,2\n"},
        base="gcr.io/distroless/base-debian12",
        final=(
            "COPY . .",
            "COPY --from=builder /app/shop /app/shop",
            "COPY --from=builder /app/docs /app/docs",
        ),
    ),
    Row(
        id="program-in-a-copied-directory-is-there",
        file=(
            "FROM golang:1.22",
            "WORKDIR /app",
            "COPY . .",
            "RUN go build -o shop . && mage pack",
            'CMD ["./shop"]',
        ),
        files={"go.mod": MODULE, "main.go": OPENS, "prices.csv": "tea,2\n"},
        base="gcr.io/distroless/base-debian12",
    ),
    Row(
        id="directory-without-a-file",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            "go.mod": MODULE,
            "main.go": OPENS.replace("os.Args[1]", '"uploads"'),
            "prices.csv": "tea,2\n",
            "uploads/": "",
            "internal/empty.go": "package internal\n",
        },
        final=("COPY . .",),
        reason="reads /app/uploads, which is not in every checkout",
    ),
    Row(
        id="files-among-those-of-the-system",
        file=(
            "FROM golang:1.22",
            *BUILD,
            "RUN apt-get update && apt-get install -y ruby && gem install haml",
            START,
        ),
        final=(
            "RUN apt-get update && apt-get install -y ruby && gem install haml"
            " && rm -rf /var/lib/apt/lists/*",
        ),
        reason="can't be told apart from those of the system",
    ),
    # --- settings and directories that are not as they seem ------------------------------------------
    Row(
        id="settings-that-are-only-there-where-images-are-made",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            "go.mod": MODULE,
            "main.go": 'package main\n\nimport "os"\n\nfunc main() { _, _ = os.Open(".env") }\n',
        },
        final=("COPY . .",),
    ),
    Row(
        id="settings-that-the-start-script-reads",
        file=("FROM golang:1.22", *BUILD, 'CMD ["sh", "start.sh"]'),
        files={
            **SHOP,
            "start.sh": "env $(cat config/prod.env | xargs) shop\n",
            "config/example.env": "A=1\n",
        },
        final=("COPY . .",),
    ),
    Row(
        id="settings-that-are-there",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            "go.mod": MODULE,
            "main.go": 'package main\n\nimport "os"\n\nfunc main() { _, _ = os.Open(".env") }\n',
            ".env": "A=1\n",
        },
        final=("COPY .env ./",),
        never=("COPY . .",),
    ),
    Row(
        id="a-file-into-the-root-beside-an-idle-mkdir",
        file=(
            "FROM golang:1.22",
            *BUILD,
            "COPY entry.sh /",
            "RUN mkdir /pages",
            "COPY pages /pages",
            'CMD ["sh", "/entry.sh"]',
        ),
        files={**SHOP, "entry.sh": "exec /usr/local/bin/shop\n", "pages/a.html": "a"},
        final=("COPY entry.sh /", "COPY pages /pages"),
        never=("mkdir",),
    ),
    Row(
        id="a-file-that-was-copied-into-a-directory-still-lies-in-it",
        file=(
            "FROM golang:1.22-alpine3.20",
            "RUN mkdir /app && mkdir /app/pages",
            "COPY go.mod main.go /app",
            "COPY pages/index.html /app/pages",
            "WORKDIR /app",
            "RUN go build -o shop .",
            'ENTRYPOINT ["/app/shop"]',
        ),
        files={"go.mod": MODULE, "main.go": OPENS, "pages/index.html": "<p>"},
        final=("COPY pages/index.html /app/pages/",),
        never=("mkdir",),
    ),
    Row(
        id="a-directory-above-the-one-it-starts-in-goes-along",
        file=(
            "FROM golang:1.22-alpine3.20",
            "WORKDIR /srv",
            "COPY assets assets",
            "COPY web web",
            "WORKDIR /srv/web",
            "RUN go build -o web .",
            'CMD ["./web"]',
        ),
        files={
            "web/go.mod": MODULE,
            "web/names.go": 'package main\n\nconst assets = "../assets"\n',
            "web/main.go": SERVER.replace("{ _", '{ http.Handle("/", http.FileServer(http.Dir(assets))); _'),
            "assets/shop.css": "p {}",
        },
        final=("COPY assets assets", "COPY web web"),
    ),
    Row(
        id="a-library-leaves-no-program",
        file=(
            "FROM golang:1.22",
            "WORKDIR /app",
            "COPY . .",
            "RUN go install . && go build -o /usr/local/bin/shop ./cmd/shop",
            START,
        ),
        files={"go.mod": MODULE, "lib.go": "package shop\n", "cmd/shop/main.go": SERVER},
        final=(SHOP_COPY,),
        never=("/go/bin",),
    ),
    Row(
        id="settings-of-git-where-the-program-calls-git",
        file=("FROM golang:1.22", "RUN git config --global safe.directory /app", *BUILD, START),
        files={"go.mod": MODULE, "main.go": STARTS.replace("NAME", '"git"')},
        final=("RUN git config --global safe.directory /app",),
    ),
    Row(
        id="settings-of-git-for-the-build",
        file=(
            "FROM golang:1.22",
            "ARG TOKEN",
            'RUN git config --global url."https://$TOKEN@git.example/".insteadOf "https://git.example/"',
            'RUN echo "machine git.example login $TOKEN" > ~/.netrc && chmod 600 ~/.netrc',
            *BUILD,
            START,
        ),
        base="gcr.io/distroless/base-debian12",
        never=("TOKEN", "git", "netrc"),
    ),
    Row(
        id="a-step-puts-the-settings-of-a-process-manager-in-place",
        file=(
            "FROM golang:1.22",
            "RUN apt-get update && apt-get install -y supervisor",
            *BUILD,
            "RUN cp run.conf /etc/supervisor/conf.d/shop.conf",
            'CMD ["supervisord", "-n"]',
        ),
        files={
            **SHOP,
            "run.conf": "[program:shop]\ncommand=shop\n[program:side]\ncommand=/app/side.sh\n",
            "side.sh": "#!/bin/sh\nexec curl http://localhost/\n",
            "other.sh": "#!/bin/sh\n",
        },
        final=(
            "COPY run.conf side.sh ./",
            "RUN apt-get update && apt-get install -y supervisor curl && rm -rf /var/lib/apt/lists/*",
        ),
        never=("other.sh",),
    ),
    # --- modules that nobody has read --------------------------------------------------------------------
    Row(
        id="an-unread-module-beside-data",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            **SHOP,
            "main.go": IMPORTS.format("example.net/app"),
            "model.conf": "",
            "other.go": "package main\n",
        },
        final=("COPY . .",),
    ),
    Row(
        id="an-unread-module-beside-sources",
        file=("FROM golang:1.22", *BUILD, START),
        files={**SHOP, "main.go": IMPORTS.format("example.net/app"), "README.md": ""},
        never=("COPY . .",),
    ),
    Row(
        id="a-module-that-reads-what-callers-name",
        file=("FROM golang:1.22", *BUILD, START),
        files={**SHOP, "main.go": IMPORTS.format("github.com/gorilla/mux"), "model.conf": ""},
        never=("COPY . .",),
    ),
    Row(
        id="an-unread-module-in-a-directory-without-the-data",
        file=("FROM golang:1.22", *BUILD, "WORKDIR /srv", START),
        files={**SHOP, "main.go": IMPORTS.format("example.net/app"), "model.conf": ""},
        never=("COPY . .",),
    ),
    Row(
        id="a-vendored-package-that-opens-what-it-is-given",
        file=("FROM golang:1.22", *BUILD, START),
        files={**SHOP, "main.go": IMPORTS.format("example.net/app"), "model.conf": "", **VENDORED},
        final=("COPY . .",),
        reason="vendor/example.net/app/a.go:5 opens a file by a name",
    ),
    Row(
        id="a-program-that-asks-where-it-is",
        file=(
            "FROM golang:1.22",
            "COPY . /src",
            "RUN cd /src && go build -o dist/shop .",
            'CMD ["/src/dist/shop"]',
        ),
        files={**SHOP, "main.go": OWN_PLACE, "dist/de.txt": ""},
        final=("COPY . /src",),
    ),
    Row(
        id="a-program-elsewhere-that-asks-where-it-is",
        file=("FROM golang:1.22", "COPY . /src", "RUN cd /src && go build -o /usr/local/bin/shop .", START),
        files={**SHOP, "main.go": OWN_PLACE, "dist/de.txt": ""},
        never=("COPY . /src",),
    ),
    # --- programs compiled from sources elsewhere --------------------------------------------------------
    Row(
        id="a-fetched-program-that-nothing-starts",
        file=("FROM golang:1.22", GOOSE, *BUILD, START),
        final=("ENV PATH=/go/bin:$PATH", "COPY --from=builder /go/bin/goose /go/bin/goose", SHOP_COPY),
        reason="/go/bin/goose is kept although nothing that slimify read starts it",
    ),
    Row(
        id="a-fetched-generator-that-nothing-starts",
        file=(
            "FROM golang:1.22",
            "RUN go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.30.0",
            "RUN go install github.com/google/wire/cmd/wire@v0.6.0",
            *BUILD,
            START,
        ),
        final=(SHOP_COPY,),
        never=("protoc", "wire"),
    ),
    Row(
        id="a-fetched-program-that-a-step-calls",
        file=("FROM golang:1.22", GOOSE, *BUILD, "RUN goose -version", START),
        final=(SHOP_COPY,),
        never=("goose",),
        reason="the final stage starts from gcr.io/distroless/base-debian12",
    ),
    Row(
        id="a-fetched-program-where-any-may-be-started",
        file=("FROM golang:1.22", GOOSE, *BUILD, START),
        files={"go.mod": MODULE, "main.go": STARTS.replace("NAME", "os.Args[1]")},
        final=("ENV PATH=/go/bin:$PATH", "COPY --from=builder /go/bin/goose /go/bin/goose", SHOP_COPY),
    ),
    Row(
        id="a-program-that-may-start-itself-by-name",
        file=(
            "FROM golang:1.22",
            "WORKDIR /app",
            "COPY . .",
            "RUN go install .",
            'ENTRYPOINT ["/go/bin/shop"]',
        ),
        files={"go.mod": MODULE, "main.go": STARTS.replace('"NAME"', '"sh", "-c", os.Args[1]')},
        final=("ENV PATH=/go/bin:$PATH",),
    ),
    Row(
        id="a-fetched-program-checks-the-health",
        file=("FROM golang:1.22", GOOSE, *BUILD, 'HEALTHCHECK CMD ["goose", "status"]', START),
        final=("ENV PATH=/go/bin:$PATH", "COPY --from=builder /go/bin/goose /go/bin/goose", SHOP_COPY),
    ),
    Row(
        id="a-service-starts-a-fetched-program-with-files",
        file=("FROM golang:1.22", GOOSE, *BUILD, START),
        files={
            **SHOP,
            "compose.yaml": "services:\n  up:\n    build: .\n    command: goose -dir /app/steps up\n",
            "steps/1.sql": "select 1;\n",
            "other/1.txt": "1\n",
        },
        final=("COPY steps ./steps", "COPY --from=builder /go/bin/goose /go/bin/goose"),
        never=("COPY . .", "other"),
    ),
    Row(
        id="a-service-starts-a-fetched-program-that-may-read-any-file",
        file=("FROM golang:1.22", GOOSE.replace("goose", "sower"), *BUILD, START),
        files={
            **SHOP,
            "compose.yaml": "services:\n  up:\n    build: .\n    command: sower up\n",
            "steps/1.sql": "select 1;\n",
        },
        base="golang:1.22",
        final=("COPY . .",),
        reason="the sources of `sower` were not read",
    ),
    Row(
        id="fetched-programs-of-unknown-names",
        file=(
            "FROM golang:1.11",
            "RUN go get github.com/rubenv/sql-migrate/...",
            *BUILD,
            "CMD sql-migrate; shop",
        ),
        final=("ENV PATH=/go/bin:$PATH", "COPY --from=builder /go/bin /go/bin", SHOP_COPY),
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_layout(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)
