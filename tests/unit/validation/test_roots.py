"""What the image starts from, in two files that no planner made."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.compared_files import differences

OLD = 'FROM python:3.12\n{env}COPY app.py ./\nCMD ["python", "app.py"]\n'
SHORT = "ENV PATH=/usr/local/bin:/usr/bin:/bin\n"


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        pytest.param("", "", "", id="the base's"),
        pytest.param(SHORT, SHORT, "", id="the old one lacks them, too"),
        pytest.param("", SHORT, "PATH would lack /usr/sbin", id="lost"),
    ],
)
def test_directories_of_the_base_stay_in_path(before: str, after: str, problem: str, tmp_path: Path) -> None:
    new = OLD.format(env=after).replace("python:3.12", "python:3.12-slim")
    found = differences(OLD.format(env=before), new, {"app.py": ""}, tmp_path)
    assert problem in found if problem else not found


UNPACKED = """FROM debian:bookworm{builder}
RUN apt-get update && apt-get install -y curl python3
RUN curl -o /a.tgz https://example.org/a.tgz && tar -xzf /a.tgz -C /tmp && mv /tmp/a-1/a /usr/bin/a{rest}
{final}COPY app.py ./
CMD ["python3", "app.py"]
"""
FINAL = """
FROM debian:bookworm
RUN apt-get update && apt-get install -y curl python3
COPY --from=builder /usr/bin/a /usr/bin/a
"""


@pytest.mark.parametrize(
    ("rest", "lost"),
    [
        pytest.param("", True, id="what remains"),
        pytest.param(" && rm -rf /tmp/a-*", False, id="rubbish"),
        pytest.param(" && rm -rf /tmp/b/c-*", True, id="of another directory"),
        pytest.param(" && curl -o /tmp/b https://example.org/b && rm -rf /tmp/a-*", True, id="a file"),
    ],
)
def test_files_for_the_time_of_the_build(rest: str, lost: bool, tmp_path: Path) -> None:
    new = UNPACKED.format(builder=" AS builder", rest=rest, final=FINAL)
    source = "import os, subprocess\nx = os.getcwd()\nopen(f'/tmp/{x}')\nsubprocess.run(['a'])\n"
    found = differences(UNPACKED.format(builder="", rest=rest, final=""), new, {"app.py": source}, tmp_path)
    assert ("/tmp" in found) == lost, found
