"""Which strategy a file is for, and files that none is for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import Options
from slimify.model.outcome import Outcome


def _outcome(directory: Path, file: str, texts: Mapping[str, str]) -> Outcome:
    for name, text in texts.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return pipeline.rewrite(file.encode(), name="Dockerfile", context=directory, options=Options())


MIXED = (
    "FROM ubuntu:22.04\nRUN apt-get update && apt-get install -y golang python3-pip supervisor\n"
    "RUN go install example.org/a@v1\nRUN go install example.org/b@v1\nCOPY . /app\n"
    "RUN pip install -r /app/requirements.txt\nCOPY conf/supervisord.conf /etc/supervisor/supervisord.conf\n"
)
PROGRAMS = "[program:web]\ncommand=python3 /app/web.py\n[program:feed]\ncommand=python3 /app/feed.py\n"


@pytest.mark.parametrize(
    ("start", "programs", "language"),
    [
        pytest.param('CMD ["supervisord", "-n"]', PROGRAMS, "python", id="most-programs-of-a-manager"),
        pytest.param('CMD ["supervisord", "-n"]', "[supervisord]\n", "go", id="the-manager-tells-nothing"),
        pytest.param('CMD ["/root/go/bin/a"]', "", "go", id="most-installers"),
        pytest.param('CMD ["python3", "/app/web.py"]', "", "python", id="what-is-started"),
    ],
)
def test_mixed_languages(start: str, programs: str, language: str, tmp_path: Path) -> None:
    texts = {"requirements.txt": "flask\n", "web.py": "", "feed.py": "", "conf/supervisord.conf": programs}
    assert _outcome(tmp_path, f"{MIXED}{start}\n", texts).language == language


@pytest.mark.parametrize(
    ("copied", "told"),
    [
        pytest.param("COPY . .", True, id="sources"),
        pytest.param("COPY --from=busybox:1 / /", False, id="another-image"),
        pytest.param("ADD rootfs.tar.xz /", False, id="a-file-system"),
        pytest.param("COPY tools /bin", False, id="a-shell"),
    ],
)
def test_the_empty_image_executes_nothing(copied: str, told: bool, tmp_path: Path) -> None:
    file = f'FROM scratch\nWORKDIR /src\n{copied}\nRUN go build -o /serve .\nCMD ["/serve"]\n'
    texts = {"go.mod": "module x\n", "main.go": "package main\n\nfunc main() {}\n", "tools/sh": "\x7fELF"}
    outcome = _outcome(tmp_path, file, texts)
    assert any(d.code == "SL411" for d in outcome.decisions) is told
    assert not told or outcome.kind == "unchanged"
