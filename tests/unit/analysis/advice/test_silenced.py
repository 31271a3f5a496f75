"""`# slimify: ignore`: what is silenced, where, and what stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import invoke

TEXT = """\
{top}FROM python:3.12-slim
ENV API_TOKEN=abc
{above}ENV DB_PASSWORD=abc \\
    OTHER=1
CMD ["python", "-m", "http.server"]
"""

CASES = [
    pytest.param("", "", {2, 3}, 0, id="nothing-silenced"),
    pytest.param("", "# slimify: ignore SL204 elsewhere\n", {2, 4}, 0, id="another-code"),
    pytest.param("# slimify: ignore SL3230\n", "", {3, 4}, 1, id="longer-number-is-no-code"),
    pytest.param("# slimify: ignore because of X\n", "", {3, 4}, 1, id="no-code-at-all"),
    pytest.param("# slimify: ignore SL998\n", "", {3, 4}, 1, id="unknown-code"),
    pytest.param("", "# slimify: ignore SL323 read by a test\n", {2}, 0, id="one-instruction"),
    pytest.param("", "#slimify:ignore sl204, sl323\n# more\n\n", {2}, 0, id="several-codes"),
    pytest.param("# slimify: ignore SL323\n", "", set(), 0, id="top-of-the-file"),
    pytest.param("# slimify: ignore SL323\nARG A=1\n\n", "", set(), 0, id="above-a-global-arg"),
]


@pytest.mark.parametrize(("top", "above", "lines", "warnings"), CASES)
def test_where_it_holds(top: str, above: str, lines: set[int], warnings: int, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(TEXT.format(top=top, above=above))
    result = json.loads(invoke("rewrite", "--format", "json", cwd=tmp_path).stdout)
    assert {d["line"] for d in result["decisions"] if d["code"] == "SL323"} == lines
    assert len(result["warnings"]) == warnings


@pytest.mark.parametrize(
    ("comment", "code", "kind"),
    [
        pytest.param("", 3, "refused", id="refused"),
        pytest.param("# slimify: ignore SL323 no secret\n", 3, "refused", id="another-reason"),
        pytest.param("# slimify: ignore SL401 a template\n", 0, "unchanged", id="accepted"),
        pytest.param("# slimify: ignore\n", 3, "refused", id="whole-file"),
    ],
)
def test_a_silenced_refusal_is_no_failure(comment: str, code: int, kind: str, tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(f"{comment}FROM python:3.12\nRUN pip install flask\nWORKDIR @@HOME@@\n")
    result = invoke("rewrite", "--format", "json", "--write", cwd=tmp_path)
    assert (result.code, json.loads(result.stdout)["outcome"]) == (code, kind)
    assert "@@HOME@@" in file.read_text()
