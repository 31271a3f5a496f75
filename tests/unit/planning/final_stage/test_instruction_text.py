"""Which commands of a RUN the final stage repeats without those that only the builder needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify import pipeline

FILE = """FROM python:3.12-slim-bookworm
ENV DEBUG=1
RUN apt-get update && apt-get install -y build-essential wget
RUN {0} && \\
    wget -q https://tools.example/a.tgz -O /tmp/a.tgz && \\
    mkdir -p /opt/tool && tar xzf /tmp/a.tgz -C /opt/tool && \\
    ln -s {1} /usr/local/bin/tool && rm /tmp/a.tgz
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY app.py .
CMD ["python", "app.py"]
"""
LINKED = "/opt/tool/bin/tool"


@pytest.mark.parametrize(
    ("before", "linked", "repeated"),
    [
        pytest.param("rm -f /tmp/a.tgz", LINKED, True, id="no-state"),
        pytest.param("A=$(uname -m)", LINKED, True, id="a-variable-that-nothing-uses"),
        pytest.param("A=$(uname -m)", "/opt/tool/$A", False, id="a-variable-that-the-link-uses"),
        pytest.param("DEBUG=2", LINKED, False, id="a-variable-of-the-environment"),
        pytest.param("export A=2", LINKED, False, id="a-variable-that-programs-may-read"),
        pytest.param("if [ -f /x ]; then A=1; else exit 1; fi", LINKED, True, id="an-error"),
        pytest.param("if [ -f /x ]; then exit 0; fi", LINKED, False, id="the-end"),
        pytest.param("[ -f /x ]", LINKED, False, id="a-condition"),
        pytest.param("cd /tmp", LINKED, True, id="a-directory"),
        pytest.param("cd /opt/tool", "bin/tool", False, id="a-directory-that-the-link-uses"),
    ],
)
def test_a_link_beside_the_build_of_a_tool(before: str, linked: str, repeated: bool, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask\n")
    (tmp_path / "app.py").write_text("import os\nos.system('tool')\n")
    after = pipeline.rewrite(FILE.format(before, linked), tmp_path).after or ""
    last = after.rpartition("FROM ")[2].splitlines()
    assert (f"RUN ln -s {linked} /usr/local/bin/tool" in last) == repeated
