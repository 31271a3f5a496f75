"""What a path of a stage holds: the facts of COPY, links, owners and deletions, as BuildKit builds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.context.scan import scan
from slimify.facts.images import image
from slimify.semantics.machine.content import content_at, exists_in, is_directory
from slimify.semantics.machine.stages import Stage, execute
from slimify.syntax.dockerfile.parser import parse

OWNED = "RUN mkdir /d && touch /d/a && chown -R u /d"
BUILDER = "FROM debian:bookworm AS b\n{}\nFROM debian:bookworm\n{}\n"


def final(text: str, directory: Path) -> Stage:
    (directory / "conf").mkdir()
    (directory / "conf" / "app.ini").write_text("")
    (directory / "run.sh").write_text("#!/bin/sh\n")
    return execute(parse(text.encode(), "Dockerfile"), scan(directory), image, {}).final


@pytest.mark.parametrize(
    ("text", "path", "kinds"),
    [
        pytest.param("FROM debian\n", "/etc/passwd", [], id="nothing but the base image"),
        pytest.param("FROM debian\nCOPY . /app\n", "/app/conf/app.ini", ["context"], id="a file of a tree"),
        pytest.param("FROM debian\nCOPY run.sh /bin/\n", "/bin/run.sh", ["context"], id="into a directory"),
        pytest.param("FROM debian\nCOPY run.sh /bin/go\n", "/bin/run.sh", [], id="under another name"),
        pytest.param("FROM debian\nCOPY run.sh /a\nRUN rm /a\n", "/a", [], id="deleted"),
        pytest.param("FROM debian\nCOPY run.sh /a\nRUN rm -rf /*\n", "/a", [], id="deleted by a pattern"),
        pytest.param("FROM debian\nCOPY run.sh /a\nRUN rm /b\n", "/a", ["context"], id="another is deleted"),
        pytest.param(
            "FROM debian\nCOPY run.sh /a\nRUN sed -i s/a/b/ /a\n", "/a", ["context", "command"], id="edited"
        ),
        pytest.param("FROM debian\nRUN mkdir /a\n", "/a/b", [], id="mkdir makes no file below"),
        pytest.param("FROM debian\nWORKDIR /a/b\n", "/a", ["directory"], id="WORKDIR makes its parents"),
        pytest.param("FROM debian\nCOPY <<EOF /a\nx\nEOF\n", "/a", ["text"], id="a here-document"),
        pytest.param(
            "FROM debian\nADD https://x.example/y.tgz /a/\n", "/a/y.tgz", ["address"], id="an address"
        ),
        pytest.param(
            BUILDER.format("RUN touch /o/a", "COPY --from=b /o /p"), "/p/a", ["command"], id="out of a stage"
        ),
        pytest.param(
            BUILDER.format("RUN touch /o/a", "COPY --from=b /o /p"), "/o/a", [], id="not at the old place"
        ),
        pytest.param(
            BUILDER.format("COPY . /o", "COPY --from=b /o/conf /c"), "/c/app.ini", ["context"], id="a part"
        ),
        pytest.param(
            "FROM debian AS b\nRUN touch /a\nFROM b\n", "/a", ["command"], id="of the stage that it builds on"
        ),
    ],
)
def test_origins(text: str, path: str, kinds: list[str], tmp_path: Path) -> None:
    assert [o.kind for o in content_at(final(text, tmp_path), path).origins] == kinds


@pytest.mark.parametrize(
    ("builder", "last", "path", "owner"),
    [
        pytest.param("", "RUN touch /a", "/a", "", id="root"),
        pytest.param("", "RUN useradd u\nUSER u\nRUN touch /a", "/a", "u", id="who made it"),
        pytest.param("", "RUN useradd u\nUSER u\nWORKDIR /w", "/w", "u", id="WORKDIR of a user"),
        pytest.param("", "RUN useradd u\nUSER u\nCOPY run.sh /a", "/a", "", id="COPY is root's"),
        pytest.param("", "COPY --chown=7:8 run.sh /a", "/a", "7", id="the owner of a COPY"),
        pytest.param("", "RUN touch /a && chown u:g /a", "/a", "u", id="chown"),
        pytest.param("", "RUN mkdir /d && touch /d/a && chown -R u /d", "/d/a", "u", id="recursively"),
        pytest.param("", "RUN mkdir /d && touch /d/a && chown u /d", "/d/a", "", id="not recursively"),
        pytest.param(
            "RUN mkdir /d && touch /d/a && chown -R u /d", "COPY --from=b /d /d", "/d/a", "u", id="kept"
        ),
        pytest.param(
            "RUN mkdir /d && touch /d/a && chown -R u /d", "COPY --from=b /d /d", "/d", "", id="top is lost"
        ),
        pytest.param(
            "RUN mkdir /d && touch /d/a && chown -R u /d",
            "RUN mkdir /d && chown v /d\nCOPY --from=b /d /d",
            "/d",
            "v",
            id="a directory that exists keeps its own",
        ),
    ],
)
def test_owner(builder: str, last: str, path: str, owner: str, tmp_path: Path) -> None:
    """COPY --from keeps owners, except that of the directory that it names (moby/buildkit#1941)."""
    assert content_at(final(BUILDER.format(builder, last), tmp_path), path).owner == owner


@pytest.mark.parametrize(
    ("last", "link"),
    [
        pytest.param("RUN ln -s /a /l", True, id="a link"),
        pytest.param("RUN ln /a /l", False, id="a hard link"),
        pytest.param("COPY --from=b /l /l", False, id="followed when it is named"),
        pytest.param("COPY --from=b /d /", True, id="kept inside a tree"),
    ],
)
def test_links(last: str, link: bool, tmp_path: Path) -> None:
    text = BUILDER.format("RUN mkdir /d && touch /d/a && ln -s a /d/l && ln -s /d/a /l", last)
    assert content_at(final(text, tmp_path), "/l").link is link


@pytest.mark.parametrize(
    ("last", "partial"),
    [
        pytest.param("COPY --from=b /d /d", False, id="all of it"),
        pytest.param("COPY --from=b /d/a /d/a", True, id="a part"),
        pytest.param("COPY --from=b /d/a /d/a\nRUN touch /d/a /d/b", False, id="executed here, too"),
        pytest.param("COPY --from=b /d/a /d/a\nRUN touch /d/c", True, id="another is executed"),
        pytest.param("RUN touch /d/a /d/b\nCOPY --from=b /d/a /d/a", False, id="executed before"),
    ],
)
def test_parts(last: str, partial: bool, tmp_path: Path) -> None:
    """A directory of which a COPY brings a part."""
    made = content_at(final(BUILDER.format("RUN touch /d/a /d/b", last), tmp_path), "/d")
    assert bool(made.partial) is partial


def test_what_exists(tmp_path: Path) -> None:
    stage = final("FROM debian\nWORKDIR /w/x\nCOPY conf /c/\nRUN mkdir -p /d/e && touch /f\n", tmp_path)
    assert [p for p in ("/w", "/c", "/c/app.ini", "/d/e", "/f", "/g") if exists_in(stage, p)] == [
        "/w",
        "/c",
        "/c/app.ini",
        "/d/e",
        "/f",
    ]
    assert is_directory(stage, "/c")
    assert not is_directory(stage, "/f")


@pytest.mark.parametrize(
    ("lines", "mode"),
    [
        pytest.param("RUN touch /a", "", id="none"),
        pytest.param("RUN chmod 600 /a", "600", id="one"),
        pytest.param("RUN chmod 755 /a && chmod 755 /a", "755", id="the same twice"),
        pytest.param("RUN chmod +x /a\nRUN chmod +x /a", "+x", id="the same letters twice"),
        pytest.param("RUN chmod +x /a && chmod 600 /a", "600", id="a number stands for all before it"),
        pytest.param("RUN chmod 600 /a && chmod +x /a", "600,+x", id="letters change what is there"),
    ],
)
def test_modes(lines: str, mode: str, tmp_path: Path) -> None:
    assert content_at(final(f"FROM debian\nRUN touch /a\n{lines}\n", tmp_path), "/a").mode == mode
