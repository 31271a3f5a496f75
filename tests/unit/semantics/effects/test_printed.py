"""The texts of files that commands write from constant words."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import scan
from slimify.syntax.dockerfile.parser import encode, parse

CASES = (
    ("nothing", "ls > /a", None),
    ("unknown-word", "echo $(date) > /a", None),
    ("unknown-name", "echo x > /$(date)", None),
    ("formatted", "printf '%d' 1 > /a", None),
    ("appended-to-what-may-be-there", "echo x >> /a", None),
    ("echo", "echo x  y > /a", "x y\n"),
    ("no-line-end", "echo -n x > /a", "x"),
    ("escapes-of-dash", r"echo 'x\ny' > /a", "x\ny\n"),
    ("printf", r"printf '#!/bin/sh\nls\n' > /a", "#!/bin/sh\nls\n"),
    ("printf-of-lines", r"printf '%s\n' x 'y z' > /a", "x\ny z\n"),
    ("overwritten", "echo x > /a && echo y > /a", "y\n"),
    ("line-by-line", "echo '#!/bin/sh' > /a && echo ls >> /a", "#!/bin/sh\nls\n"),
    ("a-script-from-its-first-line", "echo '#!/bin/sh' >> /a; echo ls >> /a", "#!/bin/sh\nls\n"),
    ("tee", "echo x | tee /a", "x\n"),
    ("tee-as-root", "echo x | sudo tee /a > /dev/null", "x\n"),
    ("tee-that-appends", "echo x > /a && echo y | tee -a /a", "x\ny\n"),
    ("group", "{ echo x; echo y; } > /a", "x\ny\n"),
    ("subshell", "(echo x; printf y) > /a && ls", "x\ny"),
    ("group-that-appends", "echo x > /a; { echo y; } >> /a", "x\ny\n"),
    ("group-in-a-group", "{ echo x; (echo y); echo z; } | tee /a", "x\ny\nz\n"),
    ("group-that-writes", "{ echo x > /b; echo y; } > /a", "y\n"),
    ("no-group", "echo x; > /a", None),
    ("group-with-a-branch", "{ echo x; if ls; then echo y; fi; } > /a", None),
    ("group-with-an-unknown-part", "{ echo x; date; } > /a", None),
    ("here-document", "cat > /a <<EOF\nls\nEOF", "ls\n"),
)


_UNKNOWN = "@daily sh /dev/stdin\n"
TABLES = (
    ("no-table", "crontab -l", None),
    ("from-a-file", "echo '@daily x' > /t && crontab /t", "@daily x\n"),
    ("from-a-pipe", "echo '@daily x' | crontab -", "@daily x\n"),
    ("of-a-user", "echo '@daily x' | crontab -u root -", "@daily x\n"),
    ("from-a-here-document", "crontab <<EOF\n@daily x\nEOF", "@daily x\n"),
    ("unknown-file", "crontab /t", _UNKNOWN),
    ("with-what-there-was", "(crontab -l 2>/dev/null; echo '@daily x') | crontab -", "@daily x\n"),
    ("unknown-pipe", "(date; echo '@daily x') | crontab -", _UNKNOWN),
)


@pytest.mark.parametrize(("run", "expected"), [c[1:] for c in TABLES], ids=[c[0] for c in TABLES])
def test_installed_tables(run: str, expected: str | None, tmp_path: Path) -> None:
    file = parse(encode(f"FROM debian\nRUN {run}\n"), "Dockerfile")
    program = classify(file, scan(tmp_path), "Dockerfile", Options())
    assert program.end_state.view.text("/var/spool/cron/crontabs/root") == expected


@pytest.mark.parametrize(("run", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_written_text(run: str, expected: str | None, tmp_path: Path) -> None:
    file = parse(encode(f"FROM debian\nRUN {run}\n"), "Dockerfile")
    program = classify(file, scan(tmp_path), "Dockerfile", Options())
    assert program.end_state.view.text("/a") == expected


def test_other_shells_print_backslashes(tmp_path: Path) -> None:
    text = "FROM debian\nSHELL [\"/bin/bash\", \"-c\"]\nRUN echo 'x\\ny' > /a && echo -e 'x\\ty' > /b\n"
    program = classify(parse(encode(text), "Dockerfile"), scan(tmp_path), "Dockerfile", Options())
    assert program.end_state.view.text("/a") == "x\\ny\n"
    assert program.end_state.view.text("/b") == "x\ty\n"
