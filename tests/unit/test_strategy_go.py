"""Go: on which base a program runs and which files go along. Cases that need no golden file of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import Options
from slimify.model import Outcome

MODULE = "module example.com/shop\n\ngo 1.22\n"
SERVER = 'package main\n\nimport "net/http"\n\nfunc main() { _ = http.ListenAndServe(":80", nil) }\n'
OPENS = (
    'package main\n\nimport (\n\t"net/http"\n\t"os"\n)\n\n'
    'func main() { _, _ = os.Open(os.Args[1]); _ = http.ListenAndServe(":80", nil) }\n'
)
STARTS = SERVER.replace("func main", 'import "os/exec"\n\nfunc main').replace(
    "{ _", "{ _ = exec.Command(NAME).Run(); _"
)
PLAIN = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hi") }\n'
ZONED = (
    'package main\n\nimport (\n\t"fmt"\n\t"time"\n)\n\n'
    'func main() { zone, _ := time.LoadLocation("Europe/Berlin"); fmt.Println(time.Now().In(zone)) }\n'
)
SHOP: Mapping[str, str] = {"go.mod": MODULE, "main.go": SERVER}
BUILD = ("WORKDIR /app", "COPY . .", "RUN go build -o /usr/local/bin/shop .")
START = 'CMD ["/usr/local/bin/shop"]'
SHOP_COPY = "COPY --from=builder /usr/local/bin/shop /usr/local/bin/shop"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A Dockerfile and what has to hold. `final` are lines of the last stage, `never` text in none of
    them, `builder` all lines of the first stage behind its FROM, `base` the last FROM, `reason` words of
    one of the decisions."""

    id: str
    file: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=lambda: SHOP)
    links: Mapping[str, str] = field(default_factory=dict)  # name -> target
    kind: str = "rewritten"
    base: str = ""
    final: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    builder: tuple[str, ...] = ()
    reason: str = ""


ROWS = (
    # --- left alone ----------------------------------------------------------------------------------
    Row(id="toolchain-image", file=("FROM golang:1.22", "RUN go install x.io/tool@v1"), kind="unchanged"),
    Row(
        id="starts-make",
        file=("FROM golang:1.22", *BUILD, 'CMD ["make", "test"]'),
        kind="unchanged",
        reason="the toolchain is its purpose",
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
        reason="the toolchain is its purpose",
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
        reason="that no step compiles",
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
        id="certificates-and-zones-for-modules-from-outside",
        file=("FROM golang:1.22", *BUILD, "CMD shop"),
        files={
            "go.mod": MODULE + "\nrequire example.org/bot v1.0.0\n",
            "main.go": 'package main\n\nimport "example.org/bot"\n\nfunc main() { bot.Run() }\n',
        },
        base="debian:bookworm-slim",
        final=(
            "COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt",
            "COPY --from=builder /usr/local/go/lib/time/zoneinfo.zip /usr/local/go/lib/time/zoneinfo.zip",
        ),
        reason="in modules that were not read",
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
        kind="refused",
        reason="no step is known to make it",
    ),
    Row(
        id="bare-name-outside-path",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", "RUN go build -o bin/shop .", 'CMD ["shop"]'),
        kind="refused",
        reason="/app/bin/shop, which a step makes, is not on PATH",
    ),
    Row(
        id="hands-its-sources-out",
        file=("FROM golang:1.22", *BUILD, "CMD tar czf - ."),
        kind="unchanged",
        reason="`tar` hands out the directory that the sources are in",
    ),
    Row(
        id="generated-go-is-source",
        file=("FROM golang:1.22", *BUILD[:2], "RUN protoc --go_out=. -I. api.proto", BUILD[2], START),
        files={**SHOP, "main.go": OPENS, "api.proto": "", "web/page.html": "<p>"},
        final=("COPY web ./web", SHOP_COPY),
        never=("COPY --from=builder /app",),
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
            "CMD shop",
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
            "CMD /data/shop",
        ),
        final=("RUN mkdir -p /data/up", "COPY --from=builder /data/shop /data/shop"),
    ),
    Row(
        id="notes-are-no-data",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            **SHOP,
            "main.go": OPENS,
            "README.md": "",
            "store/README.md": "",
            "docs/guide/first.md": "",
            "web/page.html": "<p>",
        },
        final=("COPY web ./web",),
        never=("store", "docs", "README"),
    ),
    # --- a working directory that everyone may write to -------------------------------------------------
    Row(
        id="root-writes-anywhere",
        file=(
            "FROM golang:1.22",
            "COPY . src/shop",
            "RUN cd src/shop && go build -o /usr/local/bin/shop",
            START,
        ),
        files={**SHOP, "main.go": OPENS},
        base="gcr.io/distroless/base-debian12",
        final=("WORKDIR /go",),
        never=("RUN",),
    ),
    Row(
        id="another-user-in-go",
        file=(
            "FROM golang:1.22",
            "COPY . src/shop",
            "RUN cd src/shop && go build -o /usr/local/bin/shop",
            "USER 1000",
            START,
        ),
        files={**SHOP, "main.go": OPENS},
        base="debian:bookworm-slim",
        final=("RUN install -d -m 1777 /go", "WORKDIR /go"),
    ),
    Row(
        id="another-user-in-go-beside-files-of-the-sources",
        file=(
            "FROM golang:1.22",
            "COPY . src/shop",
            "RUN cd src/shop && go build -o /usr/local/bin/shop",
            "USER 1000",
            START,
        ),
        files={**SHOP, "main.go": OPENS, "pages/start.html": ""},
        base="debian:bookworm-slim",
        final=("RUN install -d -m 1777 /go /go/src", "COPY pages src/shop/pages"),
    ),
    Row(
        id="another-user-that-opens-no-file",
        file=(
            "FROM golang:1.22",
            "COPY . src/shop",
            "RUN cd src/shop && go build -o /usr/local/bin/shop",
            "USER 1000",
            START,
        ),
        base="gcr.io/distroless/base-debian12",
        never=("RUN",),
    ),
    # --- where binaries land ---------------------------------------------------------------------------
    Row(
        id="installed-for-the-same-platform",
        file=(
            "FROM golang:1.22",
            *BUILD[:2],
            "RUN GOOS=linux GOARCH=amd64 go install .",
            'CMD ["/go/bin/shop"]',
        ),
        final=("COPY --from=builder /go/bin/shop /go/bin/shop",),
    ),
    Row(
        id="installed-for-a-platform-that-may-be-another",
        file=("FROM golang:1.22", *BUILD[:2], "RUN GOARCH=arm64 go install .", 'CMD ["/go/bin/shop"]'),
        final=("COPY --from=builder /go/bin /go/bin",),
    ),
    Row(
        id="installed-for-another-system",
        file=(
            "FROM golang:1.22",
            *BUILD,
            "RUN GOOS=darwin GOARCH=arm64 go install .",
            'CMD ["/usr/local/bin/shop", "/go/bin/darwin_arm64/shop"]',
        ),
        final=(
            SHOP_COPY,
            "COPY --from=builder /go/bin/darwin_arm64/shop /go/bin/darwin_arm64/shop",
        ),
    ),
    Row(
        id="options-in-a-variable",
        file=("FROM golang:1.22", *BUILD[:2], "ARG FLAGS", "RUN go install $FLAGS .", 'CMD ["/go/bin/shop"]'),
        final=("COPY --from=builder /go/bin/shop /go/bin/shop",),
    ),
    Row(
        id="on-the-path-of-an-image-that-nobody-knows",
        file=("ARG GOLANG", "FROM ${GOLANG}", "RUN GOBIN=/go/bin go install x.io/shop@v1", 'CMD ["shop"]'),
        base="${GOLANG}",
        final=("COPY --from=builder /go/bin/shop /go/bin/shop",),
    ),
    Row(
        id="sources-that-a-step-changes",
        file=(
            "FROM golang:1.22",
            *BUILD[:2],
            "RUN cp fix/a.go a.go",
            BUILD[2],
            START,
        ),
        files={**SHOP, "fix/a.go": "package main\n"},
        never=("fix",),
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
        builder=BUILD,
    ),
    Row(
        id="a-mode-is-nothing-to-the-compiler",
        file=("FROM golang:1.22", *BUILD[:2], "RUN chmod 0600 conf/key", BUILD[2], START),
        files={**SHOP, "conf/key": "k"},
        builder=BUILD,
    ),
    Row(
        id="a-file-step-that-the-build-reads",
        file=("FROM golang:1.22", *BUILD[:2], "RUN sed -i s/a/b/ main.go", BUILD[2], START),
        builder=(*BUILD[:2], "RUN sed -i s/a/b/ main.go", BUILD[2]),
    ),
    # --- the base --------------------------------------------------------------------------------------
    Row(id="net", file=("FROM golang:1.22", *BUILD, START), base="gcr.io/distroless/base-debian12"),
    Row(
        id="nothing-of-libc",
        file=("FROM golang:1.22", *BUILD, START),
        files={"go.mod": MODULE, "main.go": PLAIN},
        base="gcr.io/distroless/static-debian12",
    ),
    Row(
        id="cgo-off",
        file=("FROM golang:1.22", "ENV CGO_ENABLED=0", *BUILD, START),
        base="gcr.io/distroless/static-debian12",
    ),
    Row(
        id="static-on-a-release-without-such-images",
        file=("FROM golang:1.10", "ENV CGO_ENABLED=0", *BUILD, START),
        base="gcr.io/distroless/static-debian13",
    ),
    Row(
        id="cgo-off-for-one-build-only",
        file=(
            "FROM golang:1.22",
            *BUILD[:2],
            "RUN CGO_ENABLED=0 go build -o /usr/local/bin/tool . && go build -o /usr/local/bin/shop .",
            START,
        ),
        base="gcr.io/distroless/base-debian12",
    ),
    Row(
        id="static-by-the-linker",
        file=(
            "FROM golang:1.22",
            *BUILD[:2],
            "RUN go build -ldflags '-linkmode external -extldflags \"-static\"' -o /usr/local/bin/shop .",
            START,
        ),
        base="gcr.io/distroless/static-debian12",
    ),
    Row(
        id="modules-nobody-has-read-may-be-cxx",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            "go.mod": MODULE,
            "main.go": SERVER.replace('"net/http"', '(\n"net/http"\n_ "github.com/acme/thing"\n)'),
        },
        base="gcr.io/distroless/cc-debian12",
    ),
    Row(
        id="pinned-digest-of-a-moving-tag",
        file=(f"FROM golang@sha256:{'0' * 64}", *BUILD, START),
        base=f"golang@sha256:{'0' * 64}",
    ),
    Row(
        id="alpine-without-the-build-packages",
        file=("FROM golang:1.22-alpine3.19", "RUN apk add --no-cache git make", *BUILD, START),
        base="alpine:3.19",
        never=("git", "make"),
    ),
    Row(
        id="shell-form",
        file=("FROM golang:1.22", *BUILD, "CMD shop --port $PORT"),
        base="debian:bookworm-slim",
    ),
    Row(
        id="user-that-distroless-lacks",
        file=("FROM golang:1.22", *BUILD, "USER www-data", START),
        base="debian:bookworm-slim",
        final=("USER www-data",),
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
        id="names-of-run-time-take-all-but-sources",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            "go.mod": MODULE,
            "main.go": 'package main\n\nimport "os"\n\nfunc main() { _, _ = os.Open(os.Args[1]) }\n',
            "data/a.csv": "1",
            "internal/x/x.go": "package x\n",
            "LICENSE": "",
        },
        final=("COPY data ./data",),
        never=("internal", "LICENSE", "go.mod"),
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
        reason="CGO_ENABLED stays in the builder",
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
            "COPY prices.csv ./",
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
            "main.go": OPENS,
            "prices.csv": "tea,2\n",
            "uploads/": "",
            "internal/empty.go": "package internal\n",
        },
        final=("COPY uploads ./uploads",),
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
        reason="can't be told from what the system has there",
    ),
    # --- packages ------------------------------------------------------------------------------------
    Row(
        id="lists-are-fetched-where-they-are-used",
        file=("FROM golang:1.22", "RUN apt-get update", "RUN apt-get install -y ffmpeg", *BUILD, START),
        files={"go.mod": MODULE, "main.go": STARTS.replace("NAME", '"ffmpeg"')},
        builder=BUILD,
        final=("RUN apt-get update \\", "    && apt-get install -y ffmpeg \\"),
        reason="`ffmpeg` is started",
    ),
    Row(
        id="put-back-from-where-the-file-installs",
        file=("FROM golang:1.16-buster", "RUN apt update && apt install -y cowsay", *BUILD, START),
        files={"go.mod": MODULE, "main.go": STARTS.replace("NAME", '"git", "pull"')},
        base="debian:buster-slim",
        reason="`git` is put back",
    ),
    # --- what the second round of foreign repositories broke ------------------------------------------
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
        final=("COPY assets assets",),
        never=("COPY web",),
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
    # --- go get and go-wrapper -------------------------------------------------------------------------
    Row(
        id="go-get-installs-below-gopath",
        file=("FROM golang:1.10", "WORKDIR /go/src/shop", "COPY . .", "RUN go get -v ./...", 'CMD ["shop"]'),
        files={"main.go": SERVER},
        base="debian:stretch-slim",
        final=("COPY --from=builder /go/bin/shop /go/bin/shop", 'CMD ["shop"]'),
    ),
    Row(
        id="go-get-installs-nothing-of-a-module",
        file=("FROM golang:1.22", "WORKDIR /app", "COPY . .", "RUN go get ./...", 'CMD ["shop"]'),
        kind="refused",
        reason="no build step leaves a program that is known",
    ),
    Row(
        id="go-get-only-for-the-packages",
        file=(
            "FROM golang:1.10",
            "WORKDIR /go/src/shop",
            "COPY . .",
            "RUN go get ./...",
            "RUN go build -o /usr/local/bin/server .",
            'CMD ["/usr/local/bin/server"]',
        ),
        files={"main.go": SERVER},
        final=("COPY --from=builder /usr/local/bin/server /usr/local/bin/server",),
        never=("/go/bin/shop",),
    ),
    Row(
        id="go-wrapper",
        file=(
            "FROM golang:1.8",
            "WORKDIR /go/src/app",
            "COPY . .",
            "RUN go-wrapper download",
            "RUN go-wrapper install",
            'CMD ["go-wrapper", "run", "-port", "80"]',
        ),
        files={"main.go": SERVER},
        base="debian:jessie-slim",
        final=("COPY --from=builder /go/bin/app /go/bin/app", 'CMD ["app", "-port", "80"]'),
        reason="`go-wrapper run` is replaced by app",
    ),
    Row(
        id="go-wrapper-with-an-import-comment",
        file=(
            "FROM golang:1.8",
            "WORKDIR /go/src/app",
            "COPY . .",
            "RUN go-wrapper download && go-wrapper install",
            "USER nobody",
            "ENTRYPOINT go-wrapper run",
        ),
        files={"main.go": SERVER.replace("package main", 'package main // import "example.org/shop"')},
        final=("COPY --from=builder /go/bin/shop /go/bin/shop", "ENTRYPOINT /go/bin/shop"),
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
    # --- packages for people ---------------------------------------------------------------------------
    Row(
        id="editor-that-nothing-calls",
        file=("FROM golang:1.22", "RUN apt-get update && apt-get install -y vim curl", *BUILD, START),
        base="gcr.io/distroless/base-debian12",
        never=("apt-get",),
        reason="has no shell to call them from: `curl`, `vim`",
    ),
    Row(
        id="editor-that-nothing-calls-where-there-is-a-shell",
        file=("FROM golang:1.22", "RUN apt-get update && apt-get install -y vim", *BUILD, "CMD shop $ARGS"),
        base="debian:bookworm-slim",
        final=("RUN apt-get update && apt-get install -y vim && rm -rf /var/lib/apt/lists/*",),
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
    # --- PATH, variables, cron -------------------------------------------------------------------------
    Row(
        id="path-that-the-file-sets-itself",
        file=(
            "FROM golang:1.22",
            "ENV GOPATH=/go",
            "ENV PATH=$GOPATH/bin:$PATH",
            "WORKDIR /app",
            "COPY . .",
            "RUN CGO_ENABLED=0 go build -o /go/bin/shop .",
            'CMD ["shop"]',
        ),
        final=("ENV GOPATH=/go", "ENV PATH=$GOPATH/bin:$PATH"),
        never=("PATH=/go/bin",),
    ),
    Row(
        id="crontab-file-that-a-run-reads",
        file=(
            "FROM golang:1.10",
            "RUN apt-get update && apt-get install -y cron",
            "WORKDIR /go/src/shop",
            "COPY . .",
            "RUN go install .",
            "RUN crontab crontab",
            "CMD cron -f",
        ),
        files={"main.go": ZONED, "crontab": "* * * * * /go/bin/shop\n"},
        final=(
            "COPY crontab ./",
            "COPY --from=builder /usr/local/go/lib/time/zoneinfo.zip /usr/local/go/lib/time/zoneinfo.zip",
        ),
    ),
    Row(
        id="busybox-starts-it-by-cron",
        file=(
            "FROM golang:1.10-alpine",
            "WORKDIR /go/src/shop",
            "COPY . .",
            "RUN go install .",
            "COPY crontab /etc/crontabs/root",
            'CMD ["crond", "-f"]',
        ),
        files={"main.go": ZONED, "crontab": "* * * * * /go/bin/shop\n"},
        base="alpine:3.9",
        final=(
            "COPY --from=builder /usr/local/go/lib/time/zoneinfo.zip /usr/local/go/lib/time/zoneinfo.zip",
            "COPY --from=builder /go/bin/shop /go/bin/shop",
            "COPY crontab /etc/crontabs/root",
        ),
    ),
    Row(
        id="c-code-that-comes-along-needs-glibc-only",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            **SHOP,
            "main.go": SERVER.replace(
                'import "net/http"', 'import (\n\t"net/http"\n\n\t_ "example.com/shop/db"\n)'
            ),
            "db/db.go": 'package db\n\n// #include "store.h"\nimport "C"\n',
            "db/store.h": "int open_store(void);\n",
            "db/store.c": '#include "store.h"\n\nint open_store(void) { return 0; }\n',
        },
        base="gcr.io/distroless/cc-debian12",
    ),
    Row(
        id="links-bring-what-they-lead-to",
        file=("FROM golang:1.22", *BUILD, START),
        files={
            **SHOP,
            "main.go": OPENS.replace("os.Args[1]", '"conf/" + os.Args[1]'),
            "conf/shop.yaml": "",
            "common/base.yaml": "",
            "more/vat.yaml": "",
            "README.md": "",
        },
        links={
            "conf/base.yaml": "../common/base.yaml",
            "common/vat.yaml": "/app/more/vat.yaml",
            "conf/gone.yaml": "../../elsewhere.yaml",
            "docs/index.md": "../README.md",
        },
        final=("COPY conf ./conf", "COPY common ./common", "COPY more ./more"),
        never=("README", "docs", "COPY . ."),
    ),
)


def outcome(row: Row, directory: Path) -> Outcome:
    for name, text in row.files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_text(text)
    for name, target in row.links.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).symlink_to(target)
    data = ("\n".join(row.file) + "\n").encode()
    (directory / "Dockerfile").write_bytes(data)
    return pipeline.rewrite(data, name="Dockerfile", context=directory, options=Options())


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS])
def test_a_go_file_becomes(row: Row, tmp_path: Path) -> None:
    result = outcome(row, tmp_path)
    assert result.kind == row.kind, [d.text for d in result.decisions]
    assert not row.reason or any(row.reason in d.text for d in result.decisions)
    if result.after is None:
        return
    last = f"\n{result.after}".rpartition("\nFROM ")[2].splitlines()
    last[0] = f"FROM {last[0]}"
    if row.base:
        assert last[0] == f"FROM {row.base}"
    for line in row.final:
        assert line in last
    for text in row.never:
        assert not any(text in line for line in last), (text, last)
    if row.builder:
        first = result.after.partition("\nFROM ")[0].splitlines()
        assert tuple(line for line in first[1:] if line and not line.startswith("#")) == row.builder
