"""The documentation site, made by Sphinx: `sphinx-build -W docs SITE`.

Pages about codes, and the tables of options, settings and fields, are made from the code by `generate.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS), str(DOCS.parent)]

import generate  # noqa: E402

from slimify import __version__  # noqa: E402
from slimify.codes import SITE  # noqa: E402

project = "slimify"
author = copyright = "The slimify authors"
release = version = __version__

extensions = ["myst_parser"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = "slimify"
html_baseurl = SITE
html_copy_source = False
html_show_sphinx = False
html_static_path = ["static"]
html_css_files = ["site.css"]


def setup(app: Any) -> None:
    generate.write_code_pages(DOCS / "reference" / "codes")
    app.connect("source-read", lambda _, name, source: source.__setitem__(0, generate.expand(source[0])))
