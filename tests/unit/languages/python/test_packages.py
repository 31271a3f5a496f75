"""What an install requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import scan
from slimify.languages.python.packages import may_compile
from slimify.planning.estimates.estimate import original_bytes
from slimify.syntax.dockerfile.parser import encode, parse

FILE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n{0}\nCMD python a.py\n"
INSTALL = "RUN pip install -r requirements.txt"
CPU = "https://download.pytorch.org/whl/cpu"


@pytest.mark.parametrize(
    ("step", "files", "small"),
    [
        pytest.param(INSTALL, {"requirements.txt": "torch\n"}, False, id="no-op-plain"),
        pytest.param(
            INSTALL,
            {"requirements.txt": f"--index-url {CPU.replace('cpu', 'cu128')}\ntorch\n"},
            False,
            id="no-op-cuda",
        ),
        pytest.param(INSTALL, {"requirements.txt": "torch\n", "note.md": CPU}, False, id="no-op-elsewhere"),
        pytest.param(INSTALL, {"requirements.txt": f"--extra-index-url {CPU}\ntorch\n"}, True, id="index"),
        pytest.param(INSTALL, {"requirements.txt": "torch==2.5.1+cpu\n"}, True, id="release"),
        pytest.param(
            INSTALL,
            {"requirements.txt": "-r base.txt\n", "base.txt": "torch==2.5.1+cpu\n"},
            True,
            id="included",
        ),
        pytest.param(f"RUN pip install torch --index-url {CPU}", {}, True, id="option"),
        pytest.param(f"ENV PIP_EXTRA_INDEX_URL={CPU}\nRUN pip install torch", {}, True, id="variable"),
        pytest.param("RUN uv pip install --system --torch-backend=cpu torch", {}, True, id="backend"),
        pytest.param(
            "RUN uv sync",
            {
                "pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndependencies = ["torch"]\n'
                f'[[tool.uv.index]]\nname = "cpu"\nurl = "{CPU}"\n'
            },
            True,
            id="sources-of-uv",
        ),
    ],
)
def test_builds_without_cuda(step: str, files: dict[str, str], small: bool, tmp_path: Path) -> None:
    for name, text in {"a.py": "import torch\n", **files}.items():
        (tmp_path / name).write_text(text)
    file = parse(encode(FILE.format(step)), "Dockerfile")
    program = classify(file, scan(tmp_path), "Dockerfile", Options())
    assert (original_bytes(program) < 2_000_000_000) == small


@pytest.mark.parametrize(
    ("groups", "compiles"),
    [
        pytest.param("", False, id="no-op-no-groups"),
        pytest.param('[dependency-groups]\ntest = ["pytest"]\n', False, id="of-no-default"),
        pytest.param('[dependency-groups]\ndev = ["pytest"]\n', True, id="development"),
    ],
)
def test_a_run_that_installs_more(groups: str, compiles: bool, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\n' + groups)
    file = parse(encode(FILE.format("RUN uv sync --no-dev\nRUN uv run python b.py")), "Dockerfile")
    effects = classify(file, scan(tmp_path), "Dockerfile", Options()).effects
    first, second = (e for e in effects if e.kind == "install")
    assert may_compile(second, [first]) == compiles
