"""Steps that the final stage repeats have there what they read, change to and delete."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

from pathlib import Path

import pytest
from unit.go_layouts import MODULE, OPENS, SERVER, SHOP, START, Row, holds

from slimify.model.outcome import Rewritten
from slimify.pipeline import rewrite

GO = "FROM golang:1.22"
COMMAND = {"go.mod": MODULE, "cmd/shop/main.go": SERVER}
USER = 'adduser --disabled-password --gecos "" shop'
ROWS = (
    Row(
        id="a-directory-that-the-final-stage-has",
        file=(GO, "WORKDIR /app", "COPY . .", "RUN go build -o shop .", f"RUN cd /app && {USER} && mkdir data", 'CMD ["./shop"]'),
        final=(f"RUN cd /app && {USER} && mkdir data",),
    ),
    Row(
        id="a-directory-of-the-distribution",
        file=(GO, "WORKDIR /app", "COPY . .", "RUN go build -o shop .", "RUN cd /etc && echo a > shop.conf", 'CMD ["./shop"]'),
        final=("RUN cd /etc && echo a > shop.conf",),
    ),
    Row(
        id="files-of-the-base-are-deleted",
        file=(GO, "WORKDIR /app", "COPY . .", "RUN go build -o shop .", "RUN rm -rf /usr/share/zoneinfo", 'CMD ["./shop"]'),
        final=("RUN rm -rf /usr/share/zoneinfo",),
    ),
    Row(
        id="a-file-that-the-same-step-creates-is-deleted",
        file=(GO, "WORKDIR /app", "COPY . .", "RUN go build -o shop .", "RUN echo a > a.conf && cp a.conf /etc/shop.conf && rm a.conf", 'CMD ["./shop"]'),
        final=("RUN echo a > a.conf && cp a.conf /etc/shop.conf && rm a.conf",),
    ),
    Row(
        id="a-directory-that-the-same-step-creates",
        file=(GO, "WORKDIR /app", "COPY . .", "RUN go build -o shop .", f"RUN mkdir -p /app/data && cd /app/data && {USER} && mkdir new", 'CMD ["./shop"]'),
        final=(f"RUN mkdir -p /app/data && cd /app/data && {USER} && mkdir new",),
    ),
    Row(
        id="sources-that-only-the-builder-has-are-not-deleted",
        file=(GO, "WORKDIR /src", "COPY . .", "RUN cd cmd/shop && go build -o /bin/shop . && cd - && rm -rf /src/*", "CMD shop"),
        files=COMMAND,
        never=("RUN",),
    ),
    Row(
        id="a-directory-that-another-step-makes",
        file=(GO, "WORKDIR /app", f"RUN {USER}", "COPY . .", "RUN mkdir ./out", "RUN chown -R shop ./out", "USER shop", "RUN go build -o out/shop .", 'CMD ["./out/shop"]'),
        files={"main.go": OPENS},
        final=("COPY . .", "RUN mkdir -p /app/out && chown -R shop ./out"),
    ),
    Row(
        id="a-directory-that-nothing-depends-on",
        file=(GO, "COPY . /go/src/shop", f"RUN cd /go/src/shop && go build -o /bin/shop . && {USER}", "USER shop", "CMD shop"),
        final=(f"RUN {USER}",),
    ),
    Row(
        id="a-directory-that-the-same-step-deletes-later",
        file=("FROM alpine", "WORKDIR /app", "COPY . /usr/local/go/src/shop", "ENV GOPATH=/usr/local/go", "RUN apk upgrade && apk add build-base git bash go && cd $GOPATH/src/shop && go get -t -d -v ./... && go build -o /usr/bin/shop . && rm -rf $GOPATH && apk del build-base go git && rm -rf /var/cache/apk/*", "CMD shop"),
        final=("RUN apk upgrade && apk add bash && rm -rf /var/cache/apk/*",),
    ),
    Row(
        id="a-directory-that-only-the-builder-has",
        file=(GO, "COPY . /go/src/shop", "RUN cd /go/src/shop && go build -o /bin/shop .", f"RUN cd /go/src/shop && {USER} && mkdir data", "USER shop", "CMD shop"),
        final=(f"RUN mkdir -p /go/src/shop && cd /go/src/shop && {USER} && mkdir data",),
    ),
    Row(
        id="a-directory-that-absolute-paths-do-not-depend-on",
        file=(GO, "COPY . /go/src/shop", "RUN cd /go/src/shop && go build -o /bin/shop . && mkdir -p ~/.config && echo a > ~/.config/a", "CMD shop"),
        final=("RUN mkdir -p ~/.config && echo a > ~/.config/a",),
    ),
    Row(
        id="a-directory-below-the-home-of-the-user",
        file=(GO, f"RUN {USER}", "USER shop", "WORKDIR /home/shop", "COPY --chown=shop . src/", "RUN cd src && go build -o ../shop . && mkdir ../new && rm *.go", "CMD ./shop"),
        final=("RUN mkdir -p /home/shop/src && cd src && mkdir ../new",),
    ),
    Row(
        id="a-directory-that-the-user-can-not-create",
        file=(GO, f"RUN {USER}", "COPY --chown=shop . /code/src", "USER shop", "WORKDIR /home/shop", "RUN cd /code/src && go build -o /home/shop/shop . && mkdir ../new", "CMD ./shop"),
        kind="unchanged",
        reason="needs /code/src, which only the builder has",
    ),
    Row(
        id="a-directory-of-the-old-base",
        file=(GO, "WORKDIR /app", "COPY . .", "RUN go build -o shop .", "RUN cd /go/bin && echo a > shop.conf", 'CMD ["./shop"]'),
        final=("RUN mkdir -p /go/bin && cd /go/bin && echo a > shop.conf",),
    ),
    Row(
        id="a-variable-of-the-old-base",
        file=(GO, "WORKDIR /app", "COPY . .", "RUN go build -o shop .", "RUN useradd -d $GOPATH shop", "USER shop", 'CMD ["./shop"]'),
        final=("ENV GOPATH=/go", "RUN useradd -d $GOPATH shop"),
    ),
    Row(
        id="a-variable-that-only-the-builder-reads",
        file=(GO, "WORKDIR /app", "COPY . .", "RUN ls $GOPATH && go build -o shop .", "RUN useradd shop", "USER shop", 'CMD ["./shop"]'),
        never=("GOPATH",),
    ),
    Row(
        id="a-makefile-and-what-its-recipe-copies",
        file=(GO, "WORKDIR /src", "COPY . .", "RUN go build -o /usr/local/bin/shop .", "RUN make install", START),
        files={**SHOP, "Makefile": "install:\n\tinstall -m 644 conf/shop.conf /etc/shop.conf\n", "conf/shop.conf": "a\n"},
        final=("COPY Makefile ./", "COPY conf ./conf", "RUN make install"),
    ),
    Row(
        id="an-install-does-not-begin-to-ask",
        file=(GO, "RUN apt-get update && apt-get install ffmpeg", "WORKDIR /app", "COPY . .", "RUN go build -o shop .", "CMD ffmpeg -i a & ./shop"),
        final=("RUN apt-get update && apt-get install -y ffmpeg && rm -rf /var/lib/apt/lists/*",),
    ),
    Row(
        id="an-install-that-asks-nothing",
        file=(GO, "RUN apt-get update && apt-get -qqy install ffmpeg", "WORKDIR /app", "COPY . .", "RUN go build -o shop .", "CMD ffmpeg -i a & ./shop"),
        final=("RUN apt-get update && apt-get -qqy install ffmpeg && rm -rf /var/lib/apt/lists/*",),
    ),
    Row(
        id="an-empty-directory-that-the-program-may-use",
        file=(GO, "WORKDIR /app", "RUN mkdir -p /app/uploads", "RUN chown -R nobody /app/uploads", "COPY . .", "RUN go build -o shop .", "USER nobody", "CMD ./shop $FILE"),
        files={**SHOP, "main.go": OPENS},
        final=("RUN mkdir -p /app/uploads", "RUN chown -R nobody /app/uploads"),
    ),
    Row(
        id="an-empty-directory-that-no-name-leads-to",
        file=(GO, "WORKDIR /app", "RUN mkdir -p /app/uploads", "RUN chown -R nobody /app/uploads", "COPY . .", "RUN go build -o shop .", "USER nobody", "CMD ./shop $FILE"),
        never=("uploads",),
    ),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_final_stage(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)


def test_a_directory_that_a_redirection_needs(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask\n")
    (tmp_path / "app.py").write_text("import flask\n")
    text = """FROM python:3.12
COPY requirements.txt /app/
RUN pip install -r /app/requirements.txt
RUN echo 1 > /app/version
COPY app.py /srv/
CMD ["python", "/srv/app.py"]
"""
    outcome = rewrite(text, tmp_path)
    assert isinstance(outcome, Rewritten)
    assert "RUN mkdir -p /app && echo 1 > /app/version\n" in outcome.after
