"""Go: what is left alone, and which of the user's steps the builder or the image does without."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.go_layouts import BUILD, MODULE, OPENS, SERVER, SHOP, SHOP_COPY, START, STARTS, Row, holds

NAMED = 'package main\n\nimport "os"\n\nfunc main() {\n\tos.Open("shop.json")\n}\n'
CLOUD = NAMED.replace('"os"', '"os"\n\t_ "cloud.google.com/go/firestore"').replace("shop.json", "page.html")
CLOUD = CLOUD.replace('import "os"\n\t', 'import (\n\t"os"\n\t').replace('firestore"\n', 'firestore"\n)\n')
MOUNTED = "services:\n  shop:\n    build: .\n    volumes: ['./src:{}']\n"
WARES = "package stock\n\nfunc Count() int { return 1 }\n"
STARTS_GO = 'package stock\n\nimport "os/exec"\n\nfunc Count() int { exec.Command("go").Run(); return 1 }\n'
WARES_BELOW = {
    "wares/go.mod": "module wares\n\ngo 1.22\n",
    "wares/stock/stock.go": WARES,
    "shop/go.mod": f"{MODULE}\nreplace wares => ../wares\n",
    "shop/main.go": SERVER.replace('import "net/http"', 'import (\n\t"net/http"\n\t"wares/stock"\n)'),
}
WARES_BESIDE = (
    "FROM golang:1.22",
    "WORKDIR /app",
    "COPY wares/ /wares/",
    "COPY shop/ ./",
    "RUN go build -o /usr/local/bin/shop .",
    START,
)
ROWS = (
    # --- left alone ----------------------------------------------------------------------------------
    Row(id="toolchain-image", file=("FROM golang:1.22", "RUN go install x.io/tool@v1"), kind="unchanged"),
    Row(
        id="starts-make",
        file=("FROM golang:1.22", *BUILD, 'CMD ["make", "test"]'),
        kind="unchanged",
        reason="its purpose is the toolchain",
    ),
    Row(
        id="starts-a-watcher-that-compiles",
        file=(
            "FROM golang:1.22",
            "RUN go install github.com/air-verse/air@latest",
            "WORKDIR /app",
            "COPY . .",
            'CMD ["air", "-c", ".air.toml"]',
        ),
        kind="unchanged",
        reason="its purpose is the toolchain",
    ),
    Row(
        id="go-run-of-sources-that-only-a-mount-brings",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY go.mod .", 'CMD ["go", "run", "."]'),
        kind="unchanged",
        reason="its purpose is the toolchain",
    ),
    Row(
        id="go-run-of-sources-that-a-mount-hides",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", 'CMD ["go", "run", "."]'),
        files=SHOP | {"compose.yml": MOUNTED.format("/app")},
        kind="unchanged",
        reason="its purpose is the toolchain",
    ),
    Row(
        id="go-run-beside-a-mount",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", 'CMD ["go", "run", "."]'),
        files=SHOP | {"compose.yml": MOUNTED.format("/app/data")},
        reason="`go run` is replaced",
    ),
    Row(
        id="go-run-by-a-target-that-does-more",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", "CMD make run"),
        files=SHOP | {"Makefile": "run:\n\tgo generate ./...\n\tgo run .\n"},
        kind="unchanged",
        reason="its purpose is the toolchain",
    ),
    Row(
        id="go-run-by-a-target-with-other-variables",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", "CMD make run"),
        files=SHOP | {"Makefile": "run:\n\tPORT=80 go run .\n"},
        kind="unchanged",
        reason="its purpose is the toolchain",
    ),
    Row(
        id="go-run-by-a-script-elsewhere",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", "CMD sh run.sh"),
        files=SHOP | {"run.sh": "#!/bin/sh\ncd cmd\ngo run .\n"},
        kind="unchanged",
        reason="its purpose is the toolchain",
    ),
    Row(
        id="go-run-by-a-script-that-may-drop-arguments",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", 'ENTRYPOINT ["sh", "run.sh"]'),
        files=SHOP | {"run.sh": "#!/bin/sh\ngo run .\n"},
        kind="unchanged",
        reason="its purpose is the toolchain",
    ),
    Row(
        id="go-build-at-the-start-of-another-program",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", "CMD go build -o a . && ./b"),
        kind="unchanged",
        reason="its purpose is the toolchain",
    ),
    Row(
        id="go-build-at-the-start-whose-output-is-mounted",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", "CMD go build -o bin/a . && bin/a"),
        files=SHOP | {"compose.yml": MOUNTED.format("/app/bin")},
        kind="unchanged",
        reason="its purpose is the toolchain",
    ),
    Row(
        id="go-build-at-the-start-or-what-is-there",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", "CMD go build -o a . || ./a"),
        kind="unchanged",
        reason="its purpose is the toolchain",
    ),
    Row(
        id="go-build-at-the-start",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", "CMD go build -o a . && ./a -v"),
        final=("COPY --from=builder /app/a /app/a", "CMD ./a -v"),
    ),
    Row(
        id="go-build-at-the-start-by-a-target",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", 'CMD ["make", "run"]'),
        files=SHOP | {"Makefile": "build:\n\tgo build -o a .\nrun: build\n\t./a\n"},
        final=("COPY --from=builder /app/a /app/a", 'CMD ["./a"]'),
    ),
    Row(
        id="go-run-by-a-script-that-passes-arguments-on",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", 'ENTRYPOINT ["sh", "run.sh"]', 'CMD ["-v"]'),
        files=SHOP | {"run.sh": '#!/bin/sh\nexec go run . "$@"\n'},
        final=('ENTRYPOINT ["/usr/local/bin/app"]', 'CMD ["-v"]'),
    ),
    Row(
        id="go-run-by-a-target",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", "ENTRYPOINT make run"),
        files=SHOP | {"Makefile": "run:\n\t@go run . -v\n"},
        final=("ENTRYPOINT /usr/local/bin/app -v",),
    ),
    Row(
        id="go-run-by-a-script",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", 'CMD ["sh", "run.sh", "-v"]'),
        files=SHOP | {"run.sh": '#!/bin/sh\nset -e\nexec go run . "$@"\n'},
        final=('CMD ["/usr/local/bin/app", "-v"]',),
    ),
    Row(
        id="own-program-has-the-name-of-a-watcher",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", "RUN go build -o /bin/gin .", 'CMD ["gin"]'),
        final=("COPY --from=builder /bin/gin /bin/gin",),
    ),
    Row(
        id="starts-a-tool-beside-sources",
        file=(
            "FROM golang:1.22",
            "RUN go install example.org/inspector@latest",
            "WORKDIR /app",
            "COPY . .",
            'CMD ["inspector"]',
        ),
        kind="unchanged",
        reason="no step compiles the Go sources",
    ),
    Row(
        id="an-unknown-image-may-set-GOPATH",
        file=(
            "FROM registry.example.com/team/go:1",
            "WORKDIR /app",
            "COPY . .",
            "RUN go install .",
            'CMD ["/go/bin/shop"]',
        ),
        kind="unchanged",
        reason="no build step is known to create a program",
    ),
    Row(
        id="an-unknown-image-has-GOPATH-where-an-import-path-is-copied-to",
        file=(
            "FROM registry.example.com/team/go:1",
            "ADD . /go/src/example.com/shop",
            "WORKDIR /go/src/example.com/shop",
            "RUN go get example.com/wares",
            "RUN go build -o /shop .",
            'CMD ["/shop"]',
        ),
        final=("COPY --from=builder /shop /shop",),
        never=("go get", "ADD"),
    ),
    Row(
        id="an-import-path-below-a-copied-tree-is-no-download",
        file=(
            "FROM golang:1.22",
            "COPY . /go/src/example.com/shop",
            "RUN go install example.com/shop/cmd/ignored",
            'CMD ["/go/bin/ignored"]',
        ),
        files={"main.go": SERVER},
        final=("COPY --from=builder /go/bin/ignored /go/bin/ignored",),
    ),
    Row(
        id="a-file-with-the-name-of-the-program",
        file=("FROM golang:1.22", *BUILD, 'CMD ["shop"]'),
        files={**SHOP, "shop": "built long ago"},
        final=(SHOP_COPY,),
        never=("COPY shop",),
    ),
    Row(
        id="a-file-with-the-name-of-the-program-on-PATH",
        file=("FROM golang:1.22", "ENV PATH=/app/tools:$PATH", *BUILD, 'CMD ["shop"]'),
        files={**SHOP, "tools/shop": "built long ago"},
        final=("COPY . .", SHOP_COPY),
    ),
    Row(
        id="an-unknown-script-that-ADD-fetches",
        file=("FROM golang:1.22", "ADD https://example.com/start.sh /start.sh", *BUILD, 'CMD ["/start.sh"]'),
        kind="unchanged",
        reason="no step is known to create it",
    ),
    Row(
        id="a-known-script-that-ADD-fetches",
        file=(
            "FROM golang:1.22",
            *BUILD,
            "ADD https://raw.githubusercontent.com/vishnubob/wait-for-it/master/wait-for-it.sh ./",
            "RUN chmod +x wait-for-it.sh",
            'CMD ["./wait-for-it.sh", "db:5432", "-t", "9", "--", "/usr/local/bin/shop"]',
        ),
        base="debian:bookworm-slim",
        final=(SHOP_COPY, "RUN chmod +x wait-for-it.sh"),
        never=("COPY . .",),
    ),
    Row(
        id="a-program-from-another-image",
        file=(
            "FROM golang:1.22-alpine",
            *BUILD,
            "COPY --from=example.com/keeper:1 /keeper /usr/local/bin/keeper",
            'CMD ["keeper", "run"]',
        ),
        base="alpine:3.21",
        final=("COPY --from=example.com/keeper:1 /keeper /usr/local/bin/keeper",),
    ),
    Row(
        id="the-start-script-comes-with-the-sources",
        file=(
            "FROM golang:1.22",
            "WORKDIR /app",
            "COPY go.mod main.go start.sh ./",
            "RUN go build -o server .",
            'CMD ["sh", "start.sh"]',
        ),
        files={**SHOP, "start.sh": "#!/bin/sh\nexec ./server\n"},
        base="debian:bookworm-slim",
        final=("COPY --from=builder /app/server /app/server",),
    ),
    Row(
        id="a-module-beside-that-replaces-another",
        file=(
            "FROM golang:1.22",
            "WORKDIR /app",
            "COPY wares/ /wares/",
            "COPY shop/ ./",
            "RUN go mod download",
            "RUN go build -o /usr/local/bin/shop .",
            START,
        ),
        files={
            "wares/go.mod": "module example.com/wares\n\ngo 1.22\n",
            "wares/wares.go": "package wares\n",
            "shop/go.mod": f"{MODULE}\nreplace example.com/wares => ../wares // for now\n",
            "shop/main.go": SERVER,
        },
        builder=(
            "WORKDIR /app",
            "COPY wares/ /wares/",
            "COPY shop/ ./",
            "RUN go mod download",
            "RUN go build -o /usr/local/bin/shop .",
        ),
        never=("wares",),
    ),
    Row(
        id="a-module-beside-whose-name-a-step-gives",
        file=(*WARES_BESIDE[:-2], "RUN cd /wares && go mod init wares", *WARES_BESIDE[-2:]),
        files={n: t for n, t in WARES_BELOW.items() if n != "wares/go.mod"}
        | {"wares/stock/stock.go": STARTS_GO},
        base="golang:1.22",
    ),
    Row(
        id="a-module-beside-whose-package-starts-go",
        file=WARES_BESIDE,
        files={**WARES_BELOW, "wares/stock/stock.go": STARTS_GO},
        base="golang:1.22",
    ),
    Row(
        id="a-module-beside-that-has-the-name-of-another",
        file=WARES_BESIDE,
        files={
            **WARES_BELOW,
            "wares/stock/stock.go": STARTS_GO,
            "z/go.mod": WARES_BELOW["wares/go.mod"],
            "z/stock/stock.go": WARES,
        },
        base="golang:1.22",
    ),
    Row(
        id="a-module-beside-in-a-directory-that-patterns-skip",
        file=tuple(line.replace("wares", "_wares") for line in WARES_BESIDE),
        files={
            "_wares/go.mod": WARES_BELOW["wares/go.mod"],
            "_wares/stock/stock.go": STARTS_GO,
            "shop/go.mod": f"{MODULE}\nreplace wares => ../_wares\n",
            "shop/main.go": WARES_BELOW["shop/main.go"],
        },
        base="golang:1.22",
    ),
    Row(
        id="a-module-beside-with-packages-below-its-root",
        file=WARES_BESIDE,
        files=WARES_BELOW,
        builder=WARES_BESIDE[1:-1],
        base="gcr.io/distroless/base-debian12",
        never=("wares",),
    ),
    Row(
        id="a-workspace",
        file=(
            "FROM golang:1.22",
            "WORKDIR /src",
            "COPY go.work ./",
            "COPY wares ./wares",
            "COPY shop ./shop",
            "WORKDIR /src/shop",
            "RUN go build -o /usr/local/bin/shop .",
            START,
        ),
        files={
            "go.work": "go 1.22\n\nuse (\n\t./shop\n\t./wares\n)\n",
            "wares/go.mod": "module example.com/wares\n\ngo 1.22\n",
            "wares/wares.go": "package wares\n",
            "shop/go.mod": MODULE,
            "shop/main.go": SERVER,
        },
        builder=(
            "WORKDIR /src",
            "COPY go.work ./",
            "COPY wares ./wares",
            "COPY shop ./shop",
            "WORKDIR /src/shop",
            "RUN go build -o /usr/local/bin/shop .",
        ),
        never=("COPY wares", "go.work"),
    ),
    Row(
        id="certificates-for-modules-from-outside",
        file=("FROM golang:1.22", *BUILD, "CMD shop $FLAGS"),
        files={
            "go.mod": MODULE + "\nrequire example.org/bot v1.0.0\n",
            "main.go": 'package main\n\nimport "example.org/bot"\n\nfunc main() { bot.Run() }\n',
        },
        base="debian:bookworm-slim",
        final=("COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt",),
        never=("zoneinfo",),
        reason="in modules that slimify did not read",
    ),
    Row(
        id="program-comes-ready-made",
        file=("FROM example.org/alpine", "COPY dist/shop /bin/shop", 'ENTRYPOINT ["/bin/shop"]'),
        files={**SHOP, "dist/shop": "\x7fELF"},
        kind="unchanged",
        reason="nothing is built here",
    ),
    Row(
        id="started-program-that-nothing-makes",
        file=("FROM golang:1.22", *BUILD, 'CMD ["/usr/local/bin/other"]'),
        kind="unchanged",
        reason="no step is known to create it",
    ),
    Row(
        id="bare-name-outside-path",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", "RUN go build -o bin/shop .", 'CMD ["shop"]'),
        kind="unchanged",
        reason="/app/bin/shop, which a step creates, is not in PATH",
    ),
    Row(
        id="hands-its-sources-out",
        file=("FROM golang:1.22", *BUILD, "CMD tar czf - ."),
        kind="unchanged",
        reason="`tar` serves the directory of the sources",
    ),
    Row(
        id="generated-go-is-source",
        file=("FROM golang:1.22", *BUILD[:2], "RUN protoc --go_out=. -I. api.proto", BUILD[2], START),
        files={**SHOP, "main.go": OPENS, "api.proto": "", "web/page.html": "<p>"},
        final=("COPY . .", SHOP_COPY),
        never=("COPY --from=builder /app",),
    ),
    Row(
        id="no-checkout-has-what-is-read",
        file=("FROM golang:1.22", *BUILD[:2], "RUN go mod vendor", BUILD[2], START),
        files={**SHOP, "main.go": NAMED, ".gitignore": "shop.json"},
        final=("COPY . .", SHOP_COPY),
        never=("COPY --from=builder /app",),
    ),
    Row(
        id="a-variable-may-name-a-key-that-git-ignores",
        file=("FROM golang:1.22", *BUILD, START),
        files={**SHOP, "main.go": CLOUD, "page.html": "", ".gitignore": "shop-1a2b.json\n"},
        final=("COPY . .", SHOP_COPY),
    ),
    Row(
        id="the-builder-does-not-get-the-key",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            **SHOP,
            "main.go": CLOUD,
            "page.html": "",
            ".gitignore": "a.json\n",
            ".dockerignore": "*.json\n",
        },
        final=("COPY page.html ./", SHOP_COPY),
        never=("COPY . .",),
    ),
    Row(
        id="a-generator-may-make-what-is-read",
        file=("FROM golang:1.22", *BUILD[:2], "RUN go generate ./...", BUILD[2], START),
        files={**SHOP, "main.go": NAMED, ".gitignore": "shop.json"},
        final=("COPY . .", "COPY --from=builder /app /app"),
    ),
    Row(
        id="a-formatter-makes-nothing-that-is-read",
        file=("FROM golang:1.22", *BUILD[:2], "RUN go fmt ./...", BUILD[2], START),
        files={**SHOP, "main.go": NAMED, ".gitignore": "shop.json"},
        final=("COPY . .", SHOP_COPY),
        never=("COPY --from=builder /app",),
    ),
    Row(
        id="a-generator-of-sources-only",
        file=("FROM golang:1.22", *BUILD[:2], "RUN go generate ./...", BUILD[2], START),
        files={**SHOP, "main.go": NAMED, "shop.json": "{}"},
        final=("COPY shop.json ./", SHOP_COPY),
        never=("COPY . .", "COPY --from=builder /app /app"),
    ),
    Row(
        id="generated-descriptors-may-be-read",
        file=(
            "FROM golang:1.22",
            *BUILD[:2],
            "RUN protoc --go_out=. --descriptor_set_out=api.pb -I. api.proto",
            BUILD[2],
            START,
        ),
        files={**SHOP, "main.go": OPENS, "api.proto": ""},
        final=("COPY --from=builder /app /app",),
    ),
    Row(
        id="a-directory-for-what-is-unpacked-as-source",
        file=(
            "FROM golang:1.22",
            "ADD https://x.io/dep.tar.gz /x/",
            "RUN tar -xzf /x/dep.tar.gz -C /x && mkdir -p /go/src/x.io"
            " && mv /x/dep-1 /go/src/x.io/dep && rm -rf /x",
            *BUILD,
            "CMD shop $FLAGS",
        ),
        base="debian:bookworm-slim",
        never=("mkdir",),
    ),
    Row(
        id="a-directory-that-is-there-to-be-filled",
        file=(
            "FROM golang:1.22",
            *BUILD[:2],
            "RUN mkdir -p /data/up && go build -o /data/shop",
            "CMD /data/shop $FLAGS",
        ),
        final=("RUN mkdir -p /data/up", "COPY --from=builder /data/shop /data/shop"),
    ),
    Row(
        id="starts-a-program-of-the-base",
        file=("FROM golang:1.22", *BUILD, START),
        files={**SHOP, "main.go": STARTS.replace("NAME", '"git"')},
        base="debian:bookworm-slim",
        never=("mime.types",),
    ),
    Row(
        id="asks-for-media-types-and-starts-a-program-of-the-base",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            **SHOP,
            "main.go": STARTS.replace("NAME", '"git"').replace(
                'import "os/exec"', 'import ("mime"; "os/exec")'
            )
            + '\nvar kind = mime.TypeByExtension(".docx")\n',
        },
        base="debian:bookworm-slim",
        final=("COPY --from=builder /etc/mime.types /etc/mime.types",),
    ),
    Row(
        id="notes-are-no-data",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            **SHOP,
            "main.go": OPENS.replace("os.Args[1]", '"web"'),
            "README.md": "",
            "store/README.md": "",
            "docs/guide/first.md": "",
            "web/page.html": "<p>",
        },
        final=("COPY web ./web",),
        never=("store", "docs", "README"),
    ),
    # --- what the builder does without -----------------------------------------------------------------
    Row(
        id="scripts-that-only-run-time-executes",
        file=(
            "FROM golang:1.22",
            "COPY wait.sh /opt/wait.sh",
            "RUN chmod +x /opt/wait.sh",
            "RUN sed -i 's/a/b/' /opt/wait.sh",
            *BUILD,
            'CMD ["/opt/wait.sh", "/usr/local/bin/shop"]',
        ),
        files={**SHOP, "wait.sh": '#!/bin/sh\nexec "$@"\n'},
        final=("RUN chmod +x /opt/wait.sh", "RUN sed -i 's/a/b/' /opt/wait.sh", SHOP_COPY),
    ),
    Row(
        id="a-mode-is-given-in-the-builder-too",
        file=("FROM golang:1.22", *BUILD[:2], "RUN chmod 0600 conf/key", BUILD[2], START),
        files={**SHOP, "conf/key": "k"},
        builder=(*BUILD[:2], "RUN chmod 0600 conf/key", BUILD[2]),
    ),
    Row(
        id="a-file-step-that-the-build-reads",
        file=("FROM golang:1.22", *BUILD[:2], "RUN sed -i s/a/b/ main.go", BUILD[2], START),
        builder=(*BUILD[:2], "RUN sed -i s/a/b/ main.go", BUILD[2]),
    ),
    # --- settings of the toolchain -------------------------------------------------------------------
    Row(
        id="setting-that-path-names",
        file=(
            "FROM golang:1.22",
            "ENV GOBIN=/tools GOFLAGS=-v",
            "ENV PATH=$GOBIN:$PATH GOOS=linux",
            "ENV CGO_ENABLED=1",
            "WORKDIR /app",
            "COPY . .",
            "RUN go install .",
            'CMD ["shop"]',
        ),
        final=("ENV GOBIN=/tools GOFLAGS=-v", "ENV PATH=$GOBIN:$PATH GOOS=linux"),
        never=("CGO_ENABLED",),
        reason="CGO_ENABLED remains in the builder",
    ),
    Row(
        id="setting-that-the-program-reads",
        file=("FROM golang:1.22", "ENV GOPROXY=direct", *BUILD, START),
        files={**SHOP, "proxy.go": 'package main\n\nimport "os"\n\nvar proxy = os.Getenv("GOPROXY")\n'},
        final=("ENV GOPROXY=direct",),
    ),
    Row(
        id="setting-that-the-entry-script-reads",
        file=("FROM golang:1.22", "ENV GOOS=linux", "ENV GOARCH=amd64", *BUILD, 'CMD ["/app/start.sh"]'),
        files={**SHOP, "start.sh": '#!/bin/sh\necho "for $GOOS"\nexec /usr/local/bin/shop\n'},
        final=("ENV GOOS=linux",),
        never=("GOARCH",),
    ),
    Row(
        id="setting-stays-beside-the-toolchain",
        file=("FROM golang:1.22", "ENV GOFLAGS=-v", *BUILD, START),
        files={"go.mod": MODULE, "main.go": STARTS.replace("NAME", '"go", "list"')},
        final=("ENV GOFLAGS=-v",),
    ),
    # --- packages ------------------------------------------------------------------------------------
    Row(
        id="lists-are-fetched-where-they-are-used",
        file=("FROM golang:1.22", "RUN apt-get update", "RUN apt-get install -y ffmpeg", *BUILD, START),
        files={"go.mod": MODULE, "main.go": STARTS.replace("NAME", '"ffmpeg"')},
        final=("RUN apt-get update \\", "    && apt-get install -y ffmpeg \\"),
        reason="`ffmpeg` is started",
    ),
    Row(
        id="put-back-from-where-the-file-installs",
        file=("FROM golang:1.16-buster", "RUN apt update && apt install -y cowsay", *BUILD, START),
        files={"go.mod": MODULE, "main.go": STARTS.replace("NAME", '"git", "pull"')},
        base="debian:buster-slim",
        reason="`git` is restored",
    ),
    # --- packages for people ---------------------------------------------------------------------------
    Row(
        id="editor-that-nothing-calls",
        file=("FROM golang:1.22", "RUN apt-get update && apt-get install -y vim curl", *BUILD, START),
        base="debian:bookworm-slim",
        final=("RUN apt-get update && apt-get install -y vim curl && rm -rf /var/lib/apt/lists/*",),
    ),
    # --- the names of programs -----------------------------------------------------------------------
    Row(
        id="module-of-go-mod-init",
        file=(
            "FROM golang:1.22",
            "WORKDIR /go/src/app",
            "COPY *.go .",
            "RUN go mod init example.org/dispatch/v2 && go get",
            "RUN go install",
            "CMD dispatch",
        ),
        files={"main.go": SERVER},
        final=("COPY --from=builder /go/bin/dispatch /go/bin/dispatch",),
    ),
    Row(
        id="go-mod-init-names-the-directory-below-gopath",
        file=(
            "FROM golang:1.22",
            "WORKDIR /go/src/example.org/dispatch",
            "COPY main.go .",
            "RUN go mod init && go build",
            "CMD ./dispatch",
        ),
        files={"main.go": SERVER},
        final=(
            "COPY --from=builder /go/src/example.org/dispatch/dispatch /go/src/example.org/dispatch/dispatch",
        ),
    ),
    Row(
        id="module-that-only-the-build-knows",
        file=(
            "FROM golang:1.22",
            "ARG NAME",
            "WORKDIR /app",
            "COPY main.go .",
            "RUN go mod init $NAME && go install",
            "CMD shop",
        ),
        files={"main.go": SERVER},
        final=("COPY --from=builder /go/bin /go/bin",),
    ),
    Row(
        id="editor-that-nothing-calls-where-there-is-a-shell",
        file=("FROM golang:1.22", "RUN apt-get update && apt-get install -y vim", *BUILD, "CMD shop $ARGS"),
        base="debian:bookworm-slim",
        final=("RUN apt-get update && apt-get install -y vim && rm -rf /var/lib/apt/lists/*",),
    ),
    Row(
        id="directory-that-every-base-has",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            "go.mod": MODULE,
            "main.go": 'package main\n\nimport "os"\n\nfunc main() { os.Create("/var/lib/a.db") }\n',
        },
        base="gcr.io/distroless/static-debian12",
        never=("install -d", "/var/lib"),
    ),
    Row(
        id="directory-that-distroless-lacks",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            "go.mod": MODULE,
            "main.go": 'package main\n\nimport "os"\n\nfunc main() { os.Create("/srv/a.db") }\n',
        },
        base="gcr.io/distroless/static-debian12",
        final=("COPY --from=builder /srv /srv",),
        reason="/srv is copied: main.go:5 needs it, and gcr.io/distroless/static-debian12 lacks it",
    ),
    Row(
        id="directory-that-distroless-lacks-and-the-program-makes",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            "go.mod": MODULE,
            "main.go": 'package main\n\nimport "os"\n\nfunc main() {\n\tos.MkdirAll("/srv", 0o755)\n'
            '\tos.Create("/srv/a")\n}\n',
        },
        base="gcr.io/distroless/static-debian12",
        never=("/srv",),
    ),
    Row(
        id="directory-that-distroless-lacks-of-a-file-that-is-read",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            "go.mod": MODULE,
            "main.go": 'package main\n\nimport "os"\n\nfunc main() { os.ReadFile("/opt/a.yml") }\n',
        },
        base="gcr.io/distroless/static-debian12",
        never=("/opt",),
    ),
    Row(
        id="directory-that-distroless-lacks-of-an-argument",
        file=("FROM golang:1.22", *BUILD, 'CMD ["/usr/local/bin/shop", "--db", "/srv/a.db"]'),
        files={"go.mod": MODULE, "main.go": "package main\n\nfunc main() {}\n"},
        base="gcr.io/distroless/static-debian12",
        final=("COPY --from=builder /srv /srv",),
    ),
    Row(
        id="directory-that-the-working-directory-makes",
        file=("FROM golang:1.22", "WORKDIR /go/src/app", *BUILD[1:], START),
        files={
            "go.mod": MODULE,
            "main.go": 'package main\n\nimport "os"\n\nfunc main() { os.Create("/go/src/app/a.db") }\n',
        },
        never=("install -d",),
    ),
    Row(
        id="directory-that-distroless-lacks-of-a-copied-file",
        file=("FROM golang:1.22", *BUILD, "COPY a.yml /opt", START),
        files={
            "go.mod": MODULE,
            "a.yml": "a: 1\n",
            "main.go": 'package main\n\nimport "os"\n\nfunc main() { os.ReadFile("/opt/a.yml") }\n',
        },
        base="gcr.io/distroless/static-debian12",
        final=("COPY --from=builder /opt /opt", "COPY a.yml /opt"),
    ),
    *(
        Row(
            id=f"directory-that-distroless-lacks-of-{id}",
            file=(
                "FROM golang:1.22 AS tools",
                "RUN mkdir /out && touch /out/rows",
                "",
                "FROM golang:1.22",
                *BUILD,
                line,
                START,
            ),
            files={"go.mod": MODULE, "main.go": "package main\n\nfunc main() {}\n"},
            base="gcr.io/distroless/static-debian12",
            final=(line.partition("\n")[0], *([] if never else ["COPY --from=builder /opt /opt"])),
            never=never,
        )
        for id, line, never in (
            ("an-address", "ADD https://example.com/rows.json /opt", ()),
            ("a-heredoc", "COPY <<rows.json /opt\n{}\nrows.json", ()),
            ("a-file-of-a-stage", "COPY --from=tools /out/rows /opt", ()),
            ("a-directory-of-a-stage", "COPY --from=tools /out /opt", ("/opt /opt",)),
        )
    ),
    Row(
        id="directory-that-distroless-lacks-of-a-copied-directory",
        file=("FROM golang:1.22", *BUILD, "COPY conf /opt", START),
        files={
            "go.mod": MODULE,
            "conf/a.yml": "a: 1\n",
            "main.go": 'package main\n\nimport "os"\n\nfunc main() { os.ReadFile("/opt/a.yml") }\n',
        },
        base="gcr.io/distroless/static-debian12",
        never=("/opt /opt",),
    ),
    Row(
        id="program-of-another-stage-for-a-directory-that-is-not-made",
        file=(
            "FROM golang:1.22 AS tools",
            "COPY . /src",
            "RUN cd /src && go build -o /out/tool .",
            "",
            "FROM golang:1.22",
            *BUILD,
            "RUN mkdir /tools",
            "COPY --from=tools /out/tool /tools",
            START,
        ),
        files={
            "go.mod": MODULE,
            "main.go": 'package main\n\nimport "os"\n\nfunc main() { os.Open("/tools/tool") }\n',
        },
        base="gcr.io/distroless/static-debian12",
        final=("COPY --from=tools /out/tool /tools/",),
    ),
    Row(
        id="install-of-the-standard-library",
        file=("FROM golang:1.22", *BUILD, "RUN go install std", START),
        files={"go.mod": MODULE, "main.go": SERVER},
        kind="unchanged",
    ),
    Row(
        id="directory-that-only-the-toolchain's-image-has",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            "go.mod": MODULE,
            "main.go": 'package main\n\nimport "os"\n\nfunc main() { os.Create("/go/src/a.db") }\n',
        },
        base="debian:bookworm-slim",
        final=("RUN install -d -m 1777 /go/src",),
        reason="/go/src remains writable for the user root",
    ),
    Row(
        id="tool-that-a-module-from-outside-may-call",
        file=("FROM golang:1.22", "RUN apt-get update && apt-get install -y iputils-ping", *BUILD, START),
        files={
            "go.mod": MODULE + "\nrequire example.org/bot v1.0.0\n",
            "main.go": 'package main\n\nimport "example.org/bot"\n\nfunc main() { bot.Run() }\n',
        },
        base="debian:bookworm-slim",
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_layout(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)
