"""Go: on which base a program runs, and what it finds there. Cases that need no golden file."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.go_layouts import (
    BUILD,
    MODULE,
    OPENS,
    PLAIN,
    SERVER,
    SHOP,
    SHOP_COPY,
    START,
    STARTS,
    ZONED,
    Row,
    holds,
)

LOOKS_UP = (
    'package main\n\nimport (\n\t"os"\n\t"os/user"\n)\n\nfunc main() {{ user.Lookup({0}); os.Exit(0) }}\n'
)
NAMED = 'package main\n\nimport "net"\n\nfunc main() {{ net.Dial("tcp", "{0}") }}\n'
JOB = (
    "kind: Job\nspec:\n  template:\n    spec:\n      containers:\n        - image: acme/shop:1\n"
    '          command: ["{0}"]\n'
)
TARGETS = "build:\n\tgo build -o bin/shop .\nrun:{0}\n\t./bin/shop -c conf/shop.toml\n"
MAKES = ("FROM golang:1.22", *BUILD[:2], "RUN make build")
WRITES = OPENS.replace("os.Open(os.Args[1])", 'os.Create("out.txt")')
UNPACKED = (
    "RUN apt-get update && apt-get install -y curl && curl -fsSL https://go.dev/dl/go1.22.0.linux-amd64.tar.gz"
    " | tar -C /usr/local -xz\nENV PATH=/usr/local/go/bin:$PATH"
)
BESIDE = (
    "WORKDIR /app\nRUN apt-get update && apt-get install -y wget\nRUN wget https://go.dev/dl/go1.22.0.linux-amd64.tar.gz"
    " && tar -xzf go1.22.0.linux-amd64.tar.gz\nENV GOROOT=/app/go PATH=/app/go/bin:$PATH"
)
FINISHED = (
    "FROM golang:1.22-bookworm AS build\nWORKDIR /app\nCOPY . .\nRUN go build -o /usr/local/bin/shop .\n"
    "FROM {0}\nCOPY --from=build /usr/local/bin/shop /usr/local/bin/shop"
)
ZONES = "/usr/local/go/lib/time/zoneinfo.zip"
PASSES = "build:\n\tdocker build --build-arg GO=%s .\n"
MOVES = ("ARG GO=1.22-bookworm", "FROM golang:$GO")
ROWS = (
    # --- a base that a build argument chooses ----------------------------------------------------------
    Row(
        id="another-go-on-the-same-release",
        file=(*MOVES, *BUILD, START),
        files={**SHOP, "Makefile": PASSES % "1.21-bookworm"},
        base="gcr.io/distroless/base-debian12",
    ),
    Row(
        id="another-release",
        file=(*MOVES, *BUILD, START),
        files={**SHOP, "Makefile": PASSES % "1.21-bullseye"},
        base="golang:$GO",
    ),
    Row(
        id="a-release-that-only-the-build-knows",
        file=(*MOVES, *BUILD, START),
        files={**SHOP, "Makefile": PASSES % "$(GO)"},
        base="golang:$GO",
    ),
    Row(
        id="another-release-of-a-static-program",
        file=(*MOVES, "ENV CGO_ENABLED=0", *BUILD, START),
        files={**SHOP, "Makefile": PASSES % "1.21-bullseye"},
        base="gcr.io/distroless/static-debian12",
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
        id="sources-that-several-copies-bring",
        file=(
            "FROM golang:1.22",
            "WORKDIR /app",
            "COPY go.mod ./",
            "COPY *.go ./",
            "RUN go build -o /usr/local/bin/shop .",
            START,
        ),
        files={"go.mod": MODULE, "main.go": PLAIN},
        base="gcr.io/distroless/static-debian12",
    ),
    Row(
        id="sources-that-a-step-moves",
        file=(
            "FROM golang:1.22",
            "COPY . /in",
            "RUN cp -r /in /app && cd /app && go build -o /usr/local/bin/shop .",
            START,
        ),
        files={"go.mod": MODULE, "main.go": PLAIN},
        base="golang:1.22",
    ),
    Row(
        id="a-fetched-program-may-start-any",
        file=(
            "FROM golang:1.22",
            "RUN go install example.com/acme/webhook@latest",
            "WORKDIR /src",
            'ENTRYPOINT ["webhook"]',
        ),
        files={},
        base="golang:1.22",
        reason="the sources of `webhook` were not read",
    ),
    Row(
        id="a-fetched-program-that-starts-none",
        file=("FROM golang:1.22", "RUN go install github.com/rakyll/hey@latest", 'ENTRYPOINT ["hey"]'),
        files={},
        base="gcr.io/distroless/cc-debian12",
    ),
    Row(
        id="a-fetched-program-beside-one-without-libc",
        file=(
            "FROM golang:1.22",
            "RUN go install github.com/jwilder/dockerize@v0.7.0",
            *BUILD,
            'CMD ["dockerize", "-wait", "tcp://db:5432", "shop"]',
        ),
        files={"go.mod": MODULE, "main.go": PLAIN},
        base="gcr.io/distroless/cc-debian12",
    ),
    Row(
        id="a-fetched-program-without-cgo",
        file=(
            "FROM golang:1.22",
            "RUN CGO_ENABLED=0 go install github.com/jwilder/dockerize@v0.7.0",
            *BUILD,
            'CMD ["dockerize", "-wait", "tcp://db:5432", "shop"]',
        ),
        files={"go.mod": MODULE, "main.go": PLAIN},
        base="gcr.io/distroless/static-debian12",
    ),
    Row(
        id="a-fetched-program-that-only-the-build-starts",
        file=(
            "FROM golang:1.22",
            "RUN go install github.com/swaggo/swag/cmd/swag@v1.16.3",
            *BUILD[:2],
            "RUN swag init && go build -o /tmp/shop . && mv /tmp/shop /usr/bin/store",
            'CMD ["store"]',
        ),
        files={"go.mod": MODULE, "main.go": PLAIN},
        base="gcr.io/distroless/static-debian12",
    ),
    Row(
        id="a-program-that-is-stripped-and-may-bind-low-ports",
        file=(
            "FROM golang:1.22",
            *BUILD,
            "RUN strip /usr/local/bin/shop && setcap cap_net_bind_service=+ep /usr/local/bin/shop",
            START,
        ),
        files={"go.mod": MODULE, "main.go": PLAIN},
        base="gcr.io/distroless/static-debian12",
    ),
    Row(
        id="a-program-that-a-recipe-copies",
        file=("FROM golang:1.22", *BUILD[:2], "RUN make install", 'CMD ["shop"]'),
        files={
            "go.mod": MODULE,
            "main.go": PLAIN,
            "Makefile": "install:\n\tgo build -o bin/shop .\n\tcp bin/shop /usr/local/bin/shop\n",
        },
        base="gcr.io/distroless/static-debian12",
    ),
    Row(
        id="a-program-in-a-directory-of-another-stage",
        file=(
            *FINISHED.format("debian:bookworm").splitlines()[:-1],
            "COPY --from=build /usr/local/bin/ /srv/",
            'CMD ["/srv/shop"]',
        ),
        files={"go.mod": MODULE, "main.go": PLAIN},
        base="gcr.io/distroless/static-debian12",
    ),
    Row(
        id="a-target-that-starts-the-finished-program",
        file=(*MAKES, 'CMD ["make", "run"]'),
        files={**SHOP, "Makefile": TARGETS.format(""), "conf/shop.toml": "a = 1\n"},
        base="debian:bookworm-slim",
        final=("COPY Makefile ./", "COPY conf ./conf"),
    ),
    Row(
        id="a-target-that-builds-it-first",
        file=(*MAKES, 'CMD ["make", "run"]'),
        files={**SHOP, "Makefile": TARGETS.format(" build"), "conf/shop.toml": "a = 1\n"},
        base="gcr.io/distroless/base-debian12",
        final=("COPY conf ./conf", 'CMD ["./bin/shop", "-c", "conf/shop.toml"]'),
    ),
    Row(
        id="a-program-in-c-beside-one-without-libc",
        file=("FROM golang:1.22", *BUILD, "RUN gcc -o /app/probe probe.c", START),
        files={
            "go.mod": MODULE,
            "main.go": PLAIN.replace('"fmt"', '"os/exec"').replace(
                'fmt.Println("hi")', 'exec.Command("/app/probe").Run()'
            ),
            "probe.c": "int main() { return 0; }",
        },
        base="gcr.io/distroless/cc-debian12",
    ),
    Row(
        id="a-program-of-another-image-beside-one-without-libc",
        file=(
            "FROM golang:1.22",
            "COPY --from=jwilder/dockerize /usr/local/bin/dockerize /usr/local/bin/",
            *BUILD,
            'CMD ["dockerize", "shop"]',
        ),
        files={"go.mod": MODULE, "main.go": PLAIN},
        base="gcr.io/distroless/cc-debian12",
    ),
    Row(
        id="a-cloned-program-may-start-any",
        file=(
            "FROM golang:1.22",
            "RUN git clone https://git.example/tool /app",
            *BUILD[:1],
            *BUILD[2:],
            START,
        ),
        files={},
        base="golang:1.22",
        reason="the sources of `shop` were not read",
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
        id="a-moving-tag-whose-slim-one-moves-along",
        file=(FINISHED.format("docker.io/library/debian"), START),
        base="docker.io/library/debian:stable-slim",
    ),
    Row(
        id="a-digest-of-a-moving-tag-does-not",
        file=(FINISHED.format(f"debian:latest@sha256:{'0' * 64}"), START),
        kind="unchanged",
    ),
    Row(
        id="alpine-without-the-build-packages",
        file=("FROM golang:1.22-alpine3.19", "RUN apk add --no-cache git make", *BUILD, START),
        base="alpine:3.19",
        never=("git", "make"),
    ),
    Row(
        id="shell-form-without-use",
        file=("FROM golang:1.22", *BUILD, "CMD exec shop -p 80"),
        base="gcr.io/distroless/base-debian12",
        final=('CMD ["shop", "-p", "80"]',),
    ),
    Row(
        id="shell-form-of-two-commands",
        file=("FROM golang:1.22", *BUILD, "CMD echo starts; shop"),
        base="debian:bookworm-slim",
    ),
    Row(
        id="shell-form-of-an-entry-point-that-gets-arguments",
        file=("FROM golang:1.22", *BUILD, "ENTRYPOINT shop"),
        files={**SHOP, "compose.yaml": "services:\n  shop:\n    build: .\n    command: -p 80\n"},
        base="debian:bookworm-slim",
    ),
    Row(
        id="shell-form-of-a-program-that-asks-the-shell",
        file=("FROM golang:1.22", *BUILD, "CMD shop"),
        files={"go.mod": MODULE, "main.go": SERVER.replace("{ ", '{ println(os.Getenv("PWD")); ', 1)},
        base="debian:bookworm-slim",
    ),
    Row(
        id="shell-form-of-a-program-that-is-not-found",
        file=("FROM golang:1.22", *BUILD, "CMD stop"),
        base="debian:bookworm-slim",
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
        final=("RUN install -d -m 1777 /go /go/src", "WORKDIR /go", "COPY . src/shop"),
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
        final=("RUN install -d -m 1777 /go /go/src", "COPY . src/shop"),
    ),
    Row(
        id="another-user-that-creates-a-file-of-a-known-name",
        file=(
            "FROM golang:1.22",
            "COPY . /src",
            "RUN cd /src && go build -o /usr/local/bin/shop",
            "USER 1000",
            START,
        ),
        files={**SHOP, "main.go": WRITES},
        base="debian:bookworm-slim",
        final=("RUN install -d -m 1777 /go",),
    ),
    Row(
        id="root-steps-down-before-it-creates-a-file",
        file=(
            "FROM golang:1.22",
            "COPY . /src",
            "RUN cd /src && go build -o /usr/local/bin/shop",
            "RUN apt-get update && apt-get install -y gosu",
            'ENTRYPOINT ["gosu", "1000", "/usr/local/bin/shop"]',
        ),
        files={**SHOP, "main.go": WRITES},
        base="debian:bookworm-slim",
        final=("RUN install -d -m 1777 /go",),
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
    # --- accounts ------------------------------------------------------------------------------------------
    Row(
        id="an-account-that-distroless-lacks",
        file=("FROM golang:1.22", *BUILD, START),
        files={**SHOP, "main.go": LOOKS_UP.format('"www-data"')},
        base="debian:bookworm-slim",
    ),
    Row(
        id="an-account-that-only-run-time-knows",
        file=("FROM golang:1.22", *BUILD, START),
        files={**SHOP, "main.go": LOOKS_UP.format("os.Args[1]")},
        base="debian:bookworm-slim",
    ),
    Row(
        id="an-account-that-every-image-has",
        file=("FROM golang:1.22", *BUILD, START),
        files={**SHOP, "main.go": LOOKS_UP.format('"nobody"')},
        base="gcr.io/distroless/base-debian12",
    ),
    # --- time zones of the toolchain -----------------------------------------------------------------------
    Row(
        id="zones-of-the-toolchain",
        file=("FROM golang:1.22-alpine", *BUILD, START),
        files={**SHOP, "main.go": ZONED},
        final=(f"COPY --from=builder {ZONES} {ZONES}",),
    ),
    Row(
        id="trixie-lacks-old-names-of-zones",
        file=("FROM golang:1.24", *BUILD, "CMD exec shop $ARGS"),
        files={**SHOP, "main.go": ZONED},
        base="debian:trixie-slim",
        final=(f"COPY --from=builder {ZONES} {ZONES}",),
    ),
    Row(
        id="bookworm-has-them",
        file=("FROM golang:1.24-bookworm", *BUILD, "CMD exec shop $ARGS"),
        files={**SHOP, "main.go": ZONED},
        base="debian:bookworm-slim",
        never=(ZONES,),
    ),
    Row(
        id="distroless-has-them",
        file=("FROM golang:1.24", *BUILD, START),
        files={**SHOP, "main.go": ZONED},
        base="gcr.io/distroless/static-debian13",
        never=(ZONES,),
    ),
    # --- what commands read that name no file --------------------------------------------------------------
    *(
        Row(
            id=f"{name}-reads-the-sources",
            file=("FROM golang:1.24", *BUILD, f"RUN {command} > MADE", START),
            final=("COPY --from=builder /app/MADE /app/MADE",),
            never=("RUN",),
        )
        for name, command in (
            ("git", "git rev-parse HEAD"),
            ("a-list-of-files", "find . -name '*.sql' | sort"),
            ("go-itself", "go list -m all"),
            ("a-substitution", "echo $(git describe --tags)"),
        )
    ),
    Row(
        id="the-date-reads-nothing",
        file=("FROM golang:1.24", *BUILD, "RUN date > /built", START),
        base="debian:trixie-slim",
        final=("RUN date > /built",),
    ),
    Row(
        id="a-program-that-does-not-know-where-it-was-built",
        file=(
            "FROM golang:1.22-alpine",
            *BUILD[:2],
            "RUN go build -trimpath -o /usr/local/bin/shop .",
            START,
        ),
        files={**SHOP, "main.go": ZONED},
        never=(ZONES,),
    ),
    Row(
        id="the-name-of-a-service",
        file=("FROM golang:1.22", *BUILD, "CMD exec shop $ARGS"),
        files={**SHOP, "main.go": NAMED.format("db:postgresql")},
        final=("COPY --from=builder /etc/services /etc/services",),
    ),
    Row(
        id="the-number-of-a-port",
        file=("FROM golang:1.22", *BUILD, "CMD exec shop $ARGS"),
        files={**SHOP, "main.go": NAMED.format("db:5432")},
        never=("/etc/services",),
    ),
    Row(
        id="files-before-name-servers",
        file=("FROM golang:1.13-alpine3.12", *BUILD, "CMD exec shop $ARGS"),
        files={**SHOP, "main.go": NAMED.format("db:5432")},
        final=("COPY --from=builder /etc/nsswitch.conf /etc/nsswitch.conf",),
    ),
    Row(
        id="a-resolver-that-begins-with-files",
        file=("FROM golang:1.16-alpine3.12", *BUILD, "CMD exec shop $ARGS"),
        files={**SHOP, "main.go": NAMED.format("db:5432")},
        never=("/etc/nsswitch.conf",),
    ),
    Row(
        id="all-files-of-a-directory-are-its-package",
        file=(
            "FROM golang:1.22-alpine AS builder",
            "WORKDIR /w",
            "COPY src ./src",
            "RUN go build -o /tmp/g ./src/*.go",
            "FROM golang:1.22-alpine",
            "COPY --from=builder /tmp/g /app/",
            "CMD /app/g",
        ),
        files={"src/main.go": SERVER},
        base="alpine:3.21",
    ),
    Row(
        id="a-manifest-starts-it-by-its-path",
        file=(
            "FROM golang:1.22-alpine",
            "WORKDIR /app",
            "COPY . .",
            "RUN go build -o main .",
            'CMD ["main"]',
        ),
        files={**SHOP, "job.yml": JOB.format("/app/main")},
        final=("COPY --from=builder /app/main /app/main",),
    ),
    Row(
        id="a-manifest-starts-another-program",
        file=(
            "FROM golang:1.22-alpine",
            "WORKDIR /app",
            "COPY . .",
            "RUN go build -o main .",
            'CMD ["main"]',
        ),
        files={**SHOP, "job.yml": JOB.format("/app/other")},
        never=("COPY --from",),
    ),
    Row(
        id="a-variable-tells-where",
        file=(
            "FROM golang:1.22-alpine",
            *BUILD[:2],
            "ENV GOFLAGS=-trimpath",
            f"ENV ZONEINFO={ZONES}",
            BUILD[2],
            START,
        ),
        files={**SHOP, "main.go": ZONED},
        final=(f"COPY --from=builder {ZONES} {ZONES}",),
    ),
    # --- a full Debian under a finished program ----------------------------------------------------------
    Row(
        id="a-full-debian",
        file=(*FINISHED.format("debian:12").splitlines(), START),
        base="gcr.io/distroless/base-debian12",
    ),
    Row(
        id="a-full-debian-with-a-step",
        file=(
            *FINISHED.format("debian:bookworm").splitlines(),
            "RUN apt-get update && apt-get install -y tree",
            START,
        ),
        base="debian:bookworm-slim",
    ),
    Row(id="a-slim-debian", file=(*FINISHED.format("debian:12-slim").splitlines(), START), kind="unchanged"),
    Row(id="ubuntu", file=(*FINISHED.format("ubuntu:22.04").splitlines(), START), kind="unchanged"),
    # --- a toolchain that a step unpacks ---------------------------------------------------------------
    Row(
        id="unpacked",
        file=("FROM ubuntu:22.04", UNPACKED, *BUILD, START),
        base="ubuntu:22.04",
        final=(SHOP_COPY,),
        never=("COPY --from=builder /usr/local/go",),
    ),
    Row(
        id="unpacked-and-started",
        file=("FROM ubuntu:22.04", UNPACKED, *BUILD, START),
        files={**SHOP, "main.go": STARTS.replace("NAME", '"go", "version"')},
        base="ubuntu:22.04",
        final=(SHOP_COPY, "COPY --from=builder /usr/local/go /usr/local/go"),
    ),
    Row(
        id="unpacked-beside-the-sources",
        file=("FROM ubuntu:22.04", BESIDE, "COPY . .", *BUILD[2:], START),
        base="ubuntu:22.04",
        final=(SHOP_COPY,),
        never=("COPY --from=builder /app",),
    ),
    Row(
        id="unpacked-beside-the-sources-with-time-zones",
        file=("FROM ubuntu:22.04", BESIDE, "COPY . .", *BUILD[2:], START),
        files={**SHOP, "main.go": ZONED},
        base="ubuntu:22.04",
        final=(SHOP_COPY, "COPY --from=builder /app/go /app/go"),
    ),
    Row(
        id="unpacked-with-time-zones",
        file=("FROM ubuntu:22.04", UNPACKED, *BUILD, START),
        files={**SHOP, "main.go": ZONED},
        base="ubuntu:22.04",
        final=(SHOP_COPY, f"COPY --from=builder {ZONES} {ZONES}"),
        never=("COPY --from=builder /usr/local/go /",),
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_layout(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)
