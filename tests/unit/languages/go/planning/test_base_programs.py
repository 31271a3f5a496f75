"""Go: where the build leaves programs, and what starts them. Cases that need no golden file."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.go_layouts import (
    BUILD,
    OPENS,
    SERVER,
    SHOP,
    SHOP_COPY,
    START,
    ZONED,
    Row,
    holds,
)

ROWS = (
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
        kind="unchanged",
        reason="no build step is known to create a program",
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
    # --- PATH, variables, cron -------------------------------------------------------------------------
    Row(
        id="a-shell-that-only-compose-starts",
        file=("FROM golang:1.22-bookworm", *BUILD, START),
        files={
            **SHOP,
            "compose.yaml": "services:\n  a:\n    build: .\n    command: ['sh', '-c', 'exec shop -v']\n",
        },
        base="debian:bookworm-slim",
    ),
    Row(
        id="a-shell-that-only-the-health-check-starts",
        file=("FROM golang:1.22-bookworm", *BUILD, 'HEALTHCHECK CMD ["sh", "-c", "shop -v"]', START),
        base="debian:bookworm-slim",
    ),
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
    Row(id="variable-of-the-base", file=("FROM golang:1.22", *BUILD, START), never=("ENV",)),
    *(
        Row(
            id=f"variable-of-the-base-that-a-source-reads-{number}",
            file=("FROM golang:1.22", *BUILD, START),
            files={**SHOP, "main.go": f"package main\n\n{text}\n"},
            final=("ENV GOPATH=/go",),
            never=("GOTOOLCHAIN",),
        )
        for number, text in enumerate(
            (
                'import "os"\n\nfunc main() { println(os.Getenv("GOPATH")) }',
                'import "os"\n\nfunc main() { println(os.ExpandEnv("${GOPATH}/src")) }',
                'import "go/build"\n\nfunc main() { println(build.Default.GOPATH) }',
            )
        )
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
        final=("COPY crontab ./",),
        never=("zoneinfo",),  # Debian has its own
    ),
    Row(
        id="the-zones-of-the-distribution-are-deleted",
        file=(
            "FROM golang:1.22",
            "RUN apt-get update && apt-get install -y cron && rm -rf /usr/share/zoneinfo",
            *BUILD,
            "CMD cron -f; shop",
        ),
        files={**SHOP, "main.go": ZONED},
        final=(
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
        id="no-op-without-a-zone",
        file=("FROM golang:1.22-alpine", "ENV TZ=", *BUILD, START),
        files=SHOP,
        never=("zoneinfo",),
    ),
    Row(
        id="the-zone-of-a-variable",
        file=("FROM golang:1.22-alpine", "ENV TZ=America/Mexico_City", *BUILD, START),
        files=SHOP,
        final=(
            "COPY --from=builder /usr/local/go/lib/time/zoneinfo.zip /usr/local/go/lib/time/zoneinfo.zip",
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


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_layout(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)
