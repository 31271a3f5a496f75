"""The comparison has to notice what a wrong rewrite does, or it proves nothing."""

from __future__ import annotations

from pathlib import Path

import compare
import pytest

ORIGINAL = """\
FROM busybox
ENV GREETING=hello GOLANG_VERSION=1.24
RUN echo "someone:x:1500:1500::/:/bin/sh" >> /etc/passwd && mkdir /data && chown 1500 /data && chmod 700 /data
COPY page.txt /srv/page.txt
USER someone
EXPOSE 8080
CMD ["httpd", "-f", "-p", "8080", "-h", "/srv"]
"""

PROBE = compare.Probe(
    port=8080,
    http=(compare.Request(path="/page.txt", contains="a page"),),
    exec=(compare.Run(command=("id", "-un")),),
    run=(compare.Run(command=("cat", "/srv/page.txt")),),
    paths=("/data", "/srv/page.txt"),
)

# What changes in the text, and a word from the difference that has to be found.
CHANGES = {
    "nothing": ("", "", None),
    "toolchain variable": (" GOLANG_VERSION=1.24", "", None),
    "other variable": ("GREETING=hello ", "", "Env"),
    "file": ("COPY page.txt /srv/page.txt", "RUN mkdir -p /srv", "GET /page.txt"),
    "content": (
        "COPY page.txt /srv/page.txt",
        "RUN echo other > /page && mkdir -p /srv && mv /page /srv/page.txt",
        "GET",
    ),
    "mode": ("chmod 700", "chmod 755", "owner and mode of /data"),
    "owner": ("chown 1500", "chown 1501", "owner and mode of /data"),
    "user": ("USER someone\n", "", "User"),
    "port": ("EXPOSE 8080\n", "", "ExposedPorts"),
    "command": ('["httpd", "-f", "-p", "8080", "-h", "/srv"]', "httpd -f -p 8080 -h /srv", "Cmd"),
}


@pytest.fixture
def context(tmp_path: Path) -> Path:
    (tmp_path / "page.txt").write_text("a page\n")
    return tmp_path


@pytest.mark.engine
@pytest.mark.parametrize(("old", "new", "expected"), CHANGES.values(), ids=CHANGES)
def test_difference_is_found(context: Path, old: str, new: str, expected: str | None) -> None:
    assert old in ORIGINAL
    rewritten = ORIGINAL.replace(old, new)
    with compare.built(ORIGINAL, context) as before, compare.built(rewritten, context) as after:
        found = compare.compare(before, after, PROBE)
    if expected is None:
        assert found == ()
    else:
        assert any(text.startswith((expected, f"the rewritten image: {expected}")) for text in found), found


@pytest.mark.engine
def test_program_that_cannot_start_is_told(context: Path) -> None:
    broken = ORIGINAL.replace('"httpd"', '"no-such-program"')
    with (
        compare.built(broken, context) as image,
        pytest.raises(compare.EngineError, match="no-such-program"),
    ):
        compare.observe(image, PROBE)


@pytest.mark.engine
def test_server_that_dies_is_told(context: Path) -> None:
    broken = ORIGINAL.replace('["httpd", "-f", "-p", "8080", "-h", "/srv"]', "echo out of order; exit 3")
    with compare.built(broken, context) as image, pytest.raises(compare.EngineError, match="out of order"):
        compare.observe(image, PROBE)
