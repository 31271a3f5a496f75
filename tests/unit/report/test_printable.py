"""Names and commands as a page shows them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import slowness

from slimify.report.printable import masked, printable, report, shown


@given(st.text())
def test_what_is_shown_is_one_visible_line(text: str) -> None:
    line = printable(text)
    assert len(line.splitlines()) <= 1
    line.encode("utf-8")
    assert printable(line) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("Grüße 😀.txt", "Grüße 😀.txt", id="plain"),
        pytest.param("a b", "a b", id="space"),
        pytest.param("a\tb\n", "a\\tb\\n", id="tab and end of line"),
        pytest.param("\udcff", "\\xff", id="not UTF-8"),
        pytest.param("\ud800", "\\ud800", id="half a pair"),
        pytest.param("a\u202etxt.exe", "a\\u202etxt.exe", id="right to left"),
        pytest.param("a\u200bb\U000e0041", "a\\u200bb\\U000e0041", id="invisible"),
        pytest.param("\x1b]0;x\x07\x9b2J", "\\x1b]0;x\\x07\\x9b2J", id="terminal"),
    ],
)
def test_shown(text: str, line: str) -> None:
    assert printable(text) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a: b\n  c\n", "a: b\n  c\n", id="plain"),
        pytest.param("\x1b[31ma\x1b[0m\n", "\x1b[31ma\x1b[0m\n", id="colours"),
        pytest.param("a\rb\x1b[2Jc\n", "a\\rb\\x1b[2Jc\n", id="terminal"),
        pytest.param("a\n::error::b\n", "a\n\\::error::b\n", id="command of GitHub"),
        pytest.param("a\n \t::add-mask::b", "a\n \t\\::add-mask::b", id="behind spaces"),
        pytest.param("::set-output name=a::b", "\\::set-output name=a::b", id="in the first line"),
        pytest.param("a ##[group]b", "a #\\#[group]b", id="in the older syntax"),
        pytest.param("std::vector a::b", "std::vector a::b", id="no command"),
        pytest.param("at https://me:pw@x.example/a\n", "at https://•••@x.example/a\n", id="address"),
    ],
)
def test_reports(text: str, line: str) -> None:
    assert report(text) == line


def test_shown_in_one_line_without_secrets() -> None:
    assert shown("a\n::x TOKEN=hunter2") == "a\\n::x TOKEN=•••"


@pytest.mark.parametrize(
    "text",
    [
        "RUN pip install tokenizers==0.13.3 secretstorage==3.3 auth0-python==4.7",
        "RUN --mount=type=secret,id=npm npm ci",
        "LABEL org.opencontainers.image.authors=joe",
        "ENV NODE_COMPAT=9 PATH=/usr/bin GOPRIVATE=example.org/x",
        "RUN API_TOKEN=$API_TOKEN ./fetch --token $API_TOKEN --password-stdin",
        "COPY passwd /etc/passwd",
        "RUN chroot --userspec=1:1 / sh && curl -fsS x | su -u 1000:1000",
        "RUN curl -u $USER:$PASS https://x.example",
        "RUN git clone https://example.org/x.git && curl ssh://$LOGIN@example.org",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("|2 NPM_TOKEN=hunter2 hunter2 USER=me /bin/sh -c npm ci", id="build argument"),
        pytest.param("ENV DB_PASSWORD hunter2", id="old form of ENV"),
        pytest.param('ENV A=1 DB_PASSWORD="hunter2 hunter2" C=3', id="quoted"),
        pytest.param("RUN git clone https://me:hunter2@example.org/x.git", id="address"),
        pytest.param("RUN curl -H 'Authorization: Bearer hunter2hunter2' x", id="header"),
        pytest.param("RUN curl -fsS -u me:hunter2 https://x.example", id="login of curl"),
        pytest.param("RUN curl https://x.example --user 'me:hunter2'", id="login of curl, quoted"),
        pytest.param("RUN pip install -i https://me:hunter2@index.example/simple a", id="index"),
        pytest.param("ARG NPM_TOKEN=hunter2", id="argument"),
        pytest.param("RUN login --password hunter2 --token=hunter2", id="options"),
        pytest.param("RUN echo //registry.example.org/:_authToken=hunter2 > .npmrc", id="npm"),
        pytest.param(
            "-----BEGIN RSA PRIVATE KEY-----\nhunter2\nhunter2\n-----END RSA PRIVATE KEY-----", id="key"
        ),
        pytest.param("RUN x ghp_hunter2hunter2hunter2hunter2", id="known form"),
    ],
)
def test_secrets_are_dots(text: str) -> None:
    assert "hunter2" not in masked(text)
    assert "•••" in masked(text)


# A text that once took quadratic time, or worse, to be masked or shown.
ENDLESS = [
    "a.",
    "-",
    "\n",
    "TOKEN",
    "a-TOKEN.",
    "curl -u a ",
    "TOKEN='",
    "a://",
    "eyJabcdefgh-",
    "-a-token",
    "\t ",
]


@pytest.mark.parametrize("piece", ENDLESS)
def test_time_is_linear(piece: str) -> None:
    text = "x " + piece * (200_000 // len(piece))
    start = time.process_time()
    masked(text)
    report(text)
    assert time.process_time() - start < 5 * slowness()
