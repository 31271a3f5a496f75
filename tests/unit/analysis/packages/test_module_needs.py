"""What is put back on a slim base because a package of the image needs it, however the package got there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import scan
from slimify.planning.final_stage.restore_packages import packages_installed_by
from slimify.syntax.dockerfile.parser import parse

NODE = 'FROM node:20\nWORKDIR /app\n{0}\nCMD ["node", "a.js"]\n'
INSTALLED = NODE.format("COPY package.json ./\nRUN npm install\nCOPY . .\nRUN npx prisma generate")
COPIED = NODE.format("COPY dist ./")
PRISMA = '{"dependencies": {"@prisma/client": "5", "prisma": "5"}}'
DEV = '{"dependencies": {"express": "4"}, "devDependencies": {"@prisma/client": "5", "typescript": "5"}}'
IMPORT = "const { PrismaClient } = require('@prisma/client')\n"
PYTHON = (
    "FROM python:3.9-bullseye\nWORKDIR /app\nCOPY requirements.txt ./\n"
    'RUN pip install -r requirements.txt\nCOPY a.py ./\nCMD ["python", "a.py"]\n'
)
SSL = {"openssl", "ca-certificates"}
FONT = "f = font('/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf', 20)\n"
FONTS = "fonts-dejavu-core"
POETRY = (
    "FROM python:3.9-bullseye\nWORKDIR /app\nENV POETRY_VIRTUALENVS_CREATE=false\nRUN pip install poetry\n"
    'COPY . .\nRUN poetry install --no-root\nCMD ["python", "a.py"]\n'
)
WANTS = '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\nouter = "1"\n'
LOCK = (
    '[[package]]\nname = "outer"\nversion = "1"\n[package.dependencies]\n{0} = "*"\n\n'
    '[[package]]\nname = "{0}"\nversion = "4"\n\n[[package]]\nname = "rasterio"\nversion = "1.4"\n'
)
PANGO = {"libpango-1.0-0", "libpangoft2-1.0-0"}
CV = {"libglib2.0-0"}  # the full image has no libgl1 either
QT = {"libfontconfig1", "libfreetype6", "libx11-6", "libxext6"}
X = {"libsm6", "libice6", "libxrender1", "libxext6", "libx11-6"}
CAIRO = {"libpangocairo-1.0-0", "libgdk-pixbuf-2.0-0"}


@pytest.mark.parametrize(
    ("file", "files", "put"),
    [
        pytest.param(COPIED, {"dist/a.js": ""}, set(), id="nothing"),
        pytest.param(COPIED, {"dist/a.js": "", "package.json": PRISMA}, set(), id="not-what-is-not-copied"),
        pytest.param(INSTALLED, {"a.js": "", "package.json": DEV}, set(), id="not-what-is-pruned"),
        pytest.param(INSTALLED, {"a.js": "", "package.json": PRISMA}, SSL, id="installed"),
        pytest.param(INSTALLED, {"a.js": IMPORT, "package.json": DEV}, SSL, id="for-development-but-kept"),
        pytest.param(COPIED, {"dist/a.js": "", "dist/package.json": PRISMA}, SSL, id="in-a-copied-manifest"),
        pytest.param(COPIED, {"dist/a.js": IMPORT}, SSL, id="imported"),
        pytest.param(
            COPIED,
            {"dist/a.js": "", "dist/node_modules/@prisma/client/package.json": "{}"},
            SSL,
            id="in-a-copied-tree",
        ),
        pytest.param(PYTHON, {"a.py": "import json\n", "requirements.txt": "flask\n"}, set(), id="python"),
        pytest.param(
            PYTHON.replace("COPY a.py", "ENV LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libgomp.so.1\nCOPY a.py"),
            {"a.py": "import json\n", "requirements.txt": "flask\n"},
            {"libgomp1"},
            id="preloaded",
        ),
        pytest.param(
            PYTHON,
            {"a.py": "import tkinter\n", "requirements.txt": "flask\n"},
            {"libtk8.6", "libtcl8.6"},
            id="of-the-standard-library",
        ),
        pytest.param(
            PYTHON,
            {"a.py": "", "requirements.txt": "ansible\n"},
            {"openssh-client"},
            id="what-brings-another",
        ),
        pytest.param(PYTHON, {"a.py": "", "requirements.txt": "rasterio\n"}, {"libexpat1"}, id="of-a-wheel"),
        pytest.param(PYTHON, {"a.py": "", "requirements.txt": "sqlalchemy\n"}, set(), id="no-extra"),
        pytest.param(
            PYTHON, {"a.py": "", "requirements.txt": "sqlalchemy[asyncio]\n"}, set(), id="another-extra"
        ),
        pytest.param(
            PYTHON,
            {"a.py": "", "requirements.txt": "SQLAlchemy[asyncio, mysql] == 2.0\n"},
            {"libmariadb3"},
            id="of-an-extra",
        ),
        pytest.param(
            PYTHON.replace("-r requirements.txt", "'sqlalchemy[postgresql]'"),
            {"a.py": "", "requirements.txt": ""},
            {"libpq5"},
            id="of-an-extra-in-a-command",
        ),
        pytest.param(
            PYTHON, {"a.py": "import psycopg2\n", "requirements.txt": "b\n"}, {"libpq5"}, id="not-listed"
        ),
        pytest.param(
            PYTHON,
            {"a.py": "import psycopg2\n", "requirements.txt": "psycopg2-binary\n"},
            set(),
            id="listed-under-another-name",
        ),
        pytest.param(
            PYTHON.replace("a.py ./", "*.py ./"),
            {"a.py": "import magic\n", "magic.py": "", "requirements.txt": "b\n"},
            set(),
            id="a-module-of-its-own",
        ),
        pytest.param(
            PYTHON, {"a.py": "", "requirements.txt": "rio_tiler\n"}, {"libexpat1"}, id="of-what-it-requires"
        ),
        pytest.param(
            PYTHON,
            {"a.py": "", "requirements.txt": "unstructured\n"},
            {"libmagic1"},
            id="of-another-that-it-requires",
        ),
        pytest.param(
            POETRY,
            {"a.py": "", "pyproject.toml": WANTS, "poetry.lock": LOCK.format("flask")},
            set(),
            id="locked-for-another-group",
        ),
        pytest.param(
            POETRY,
            {"a.py": "", "pyproject.toml": WANTS, "poetry.lock": LOCK.format("lightgbm")},
            {"libgomp1"},
            id="of-what-is-locked",
        ),
        pytest.param(PYTHON, {"a.py": FONT, "requirements.txt": "pillow\n"}, {FONTS}, id="font"),
        pytest.param(
            PYTHON,
            {"a.py": "f('DejaVuSans.ttf')\n", "requirements.txt": "pillow\n"},
            {FONTS},
            id="font-by-name",
        ),
        pytest.param(
            PYTHON,
            {"a.py": "f('DejaVuSans.ttf')\n", "DejaVuSans.ttf": "", "requirements.txt": "pillow\n"},
            set(),
            id="font-of-its-own",
        ),
        pytest.param(PYTHON, {"a.py": "", "requirements.txt": "weasyprint==60.1\n"}, PANGO, id="new-release"),
        pytest.param(PYTHON, {"a.py": "", "requirements.txt": "weasyprint\n"}, PANGO, id="newest-release"),
        pytest.param(
            PYTHON, {"a.py": "", "requirements.txt": "weasyprint==52.5\n"}, PANGO | CAIRO, id="old-release"
        ),
        pytest.param(
            PYTHON, {"a.py": "", "requirements.txt": "WeasyPrint>=50,<53\n"}, PANGO | CAIRO, id="older-than"
        ),
        pytest.param(PYTHON, {"a.py": "", "requirements.txt": "opencv-python==4.5.5.64\n"}, CV, id="qt5"),
        pytest.param(PYTHON, {"a.py": "", "requirements.txt": "PyQt5\n"}, CV | QT, id="plugins-of-qt"),
        pytest.param(PYTHON, {"a.py": "", "requirements.txt": "opencv-python==4.1.2.30\n"}, CV | X, id="qt4"),
    ],
)
def test_put_back(file: str, files: Mapping[str, str], put: set[str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    outcome = pipeline.rewrite(file, tmp_path, options=Options(dockerignore=False))
    assert outcome.rung == "slim", outcome.decisions
    final = (outcome.after or "").rpartition("FROM ")[2].partition("\n")[2]
    head = final[: final.find("rm -rf /var/lib/apt/lists/*") + 27]
    assert set(packages_installed_by(head)) == put


@pytest.mark.parametrize(
    ("start", "source", "needed"),
    [
        pytest.param('["node", "a.js"]', "run()", False, id="not-started"),
        pytest.param('["lerna", "run", "start"]', "run()", True, id="started"),
        pytest.param('["node", "a.js"]', "require('child_process').spawn(run())", True, id="any-program"),
        pytest.param('["bash"]', "run()", True, id="people"),
    ],
)
def test_what_a_program_of_a_package_starts(start: str, source: str, needed: bool, tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text(source)
    text = NODE.format("RUN npm install -g lerna\nCOPY . .").replace('["node", "a.js"]', start)
    program = classify(parse(text.encode(), "Dockerfile"), scan(tmp_path), "Dockerfile", Options(), None)
    assert ("git" in program.runtime_needs.commands) == needed


@pytest.mark.parametrize(
    ("dependencies", "start", "needed"),
    [
        pytest.param(["lerna"], '["node", "a.js"]', False, id="of-a-tool"),
        pytest.param(["lerna", "b"], '["node", "a.js"]', True, id="of-another-as-well"),
        pytest.param(["lerna", "@npmcli/git"], '["node", "a.js"]', True, id="listed"),
        pytest.param(["lerna"], '["npx", "lerna", "run", "start"]', True, id="of-a-tool-that-is-started"),
    ],
)
def test_what_only_tools_require(dependencies: list[str], start: str, needed: bool, tmp_path: Path) -> None:
    names = dict.fromkeys(dependencies, "1")
    requires = {"lerna": {"@npmcli/git": "1"}, "b": {"@npmcli/git": "1"}, "@npmcli/git": {}}
    locked = {f"node_modules/{n}": {"version": "1.0.0", "dependencies": d} for n, d in requires.items()}
    lock = {"lockfileVersion": 3, "packages": {"": {"dependencies": names}, **locked}}
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": names}))
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    (tmp_path / "a.js").write_text("run()")
    text = NODE.format("COPY . .\nRUN npm ci").replace('["node", "a.js"]', start)
    program = classify(parse(text.encode(), "Dockerfile"), scan(tmp_path), "Dockerfile", Options(), None)
    assert ("git" in program.runtime_needs.commands) == needed


@pytest.mark.parametrize(
    ("package", "source", "needed"),
    [
        pytest.param("pdfkit", "doc.text('<svg>')", False, id="no-op-own-fonts"),
        pytest.param("sharp", "sharp('a.jpg').resize(300)", False, id="no-op-photographs"),
        pytest.param("sharp", "send({text: 'done'})", False, id="no-op-another-text"),
        pytest.param("sharp", "sharp(Buffer.from(`<svg><text>a</text></svg>`))", True, id="svg"),
        pytest.param("sharp", "sharp({text: {text: 'a', width: 9}})", True, id="text"),
        pytest.param("canvas", "createCanvas(9, 9)", True, id="canvas"),
        pytest.param("@resvg/resvg-js", "new Resvg(a)", True, id="resvg"),
    ],
)
def test_who_draws_text(package: str, source: str, needed: bool, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {package: "1"}}))
    (tmp_path / "a.js").write_text(source)
    text = b'FROM node:20\nWORKDIR /a\nCOPY . .\nRUN npm install\nCMD ["node", "a.js"]\n'
    program = classify(parse(text, "Dockerfile"), scan(tmp_path, None), "Dockerfile", Options(), None)
    assert ("fontconfig-config" in program.runtime_needs.system_packages) == needed
