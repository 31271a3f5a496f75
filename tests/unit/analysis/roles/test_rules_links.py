"""COPY follows a link that it names: it travels with its directory, or is made again."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.go_layouts import SHOP, Row, holds

SOURCES = ("FROM golang:1.22", "WORKDIR /src", "COPY . .")
START = 'CMD ["/opt/shop/shop"]'

ROWS = (
    Row(
        id="no-link",
        file=(*SOURCES, "RUN go build -o /opt/shop/shop .", START),
        files=SHOP,
        final=("COPY --from=builder /opt/shop/shop /opt/shop/shop",),
    ),
    Row(
        id="in-a-directory-of-build-output",
        file=(*SOURCES, "RUN go build -o /opt/shop/shop-1 . && ln -s shop-1 /opt/shop/shop", START),
        files=SHOP,
        base="gcr.io/distroless/base-debian12",
        final=("COPY --from=builder /opt/shop /opt/shop",),
        never=("ln -s",),
    ),
    Row(
        id="with-capabilities",
        file=(
            *SOURCES,
            "RUN go build -o /opt/shop/shop-1 .",
            "RUN setcap cap_net_bind_service=+ep /opt/shop/shop-1 && ln -s shop-1 /opt/shop/shop",
            START,
        ),
        files=SHOP,
        final=("COPY --from=builder /opt/shop /opt/shop",),
        never=("setcap", "ln -s"),
    ),
    Row(
        id="in-a-directory-of-the-system",
        file=(*SOURCES, "RUN go build -o /opt/shop/shop .", "RUN ln -s /opt/shop/shop /usr/bin/shop", START),
        files=SHOP,
        base="debian:bookworm-slim",
        final=("COPY --from=builder /opt/shop/shop /opt/shop/shop", "RUN ln -s /opt/shop/shop /usr/bin/shop"),
    ),
    Row(
        id="beside-sources",
        file=(*SOURCES, "RUN go build -o shop-1 . && ln -s shop-1 shop", 'CMD ["/src/shop"]'),
        files=SHOP,
        base="debian:bookworm-slim",
        final=("COPY --from=builder /src/shop-1 /src/shop-1", "RUN ln -s shop-1 shop"),
    ),
    Row(
        id="to-a-file-of-the-base-image",
        file=(*SOURCES, "RUN go build -o /opt/shop/shop .", "RUN ln -s /bin/sh /opt/shop/sh", START),
        files=SHOP,
        final=("COPY --from=builder /opt/shop/shop /opt/shop/shop", "RUN ln -s /bin/sh /opt/shop/sh"),
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_links(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)
