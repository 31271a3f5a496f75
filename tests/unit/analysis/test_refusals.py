"""Files that are left alone, and look-alikes that are not."""

from __future__ import annotations

import pytest

from slimify.analysis.refusals import refusals
from slimify.syntax.dockerfile import parser

PLACEHOLDERS = (
    # --- a label says nothing about what is built ---------------------------------------------------
    pytest.param("LABEL version=%%VERSION%%", (), id="label-percent"),
    pytest.param('LABEL version="@@VERSION@@"', (), id="label-at"),
    pytest.param('LABEL version="{{ version }}" commit={{.Commit}}', (), id="label-braces"),
    pytest.param("RUN docker inspect -f '{{ .Id }}' x || true", (), id="a-program-of-its-own"),
    # --- what decides about the build, or makes lines come and go -----------------------------------
    pytest.param("ENV VERSION=%%VERSION%%", ("SL401",), id="env"),
    pytest.param("COPY {{ binary }} /usr/bin/", ("SL401",), id="copy"),
    pytest.param('LABEL a="{{ if version }}b{{ end }}"', ("SL401",), id="label-if"),
    pytest.param("LABEL a=\"{{ env.get('X') }}\"", ("SL401",), id="label-expression"),
    pytest.param('LABEL a="<%= version %>"', ("SL401",), id="label-erb"),
)


ARRAYS = (
    pytest.param('CMD ["app"]', (), id="an-array"),
    pytest.param("CMD app # [1]", (), id="no-array"),
    pytest.param('RUN [ "a" ] && echo yes', (), id="a-test-of-the-shell"),
    pytest.param('CMD ["go-wrapper", "run"] # ["app"]', ("SL412",), id="comment-behind"),
    pytest.param('ENTRYPOINT ["app"] --port 80', ("SL412",), id="words-behind"),
    pytest.param('HEALTHCHECK --interval=5s CMD ["curl", "x"] || exit 1', ("SL412",), id="health-check"),
)


@pytest.mark.parametrize(("line", "codes"), [*PLACEHOLDERS, *ARRAYS])
def test_placeholders(line: str, codes: tuple[str, ...]) -> None:
    file = parser.parse(f"FROM node:20\n{line}\n".encode())
    assert tuple(reason.code for reason in refusals(file, None, "node:20")) == codes
