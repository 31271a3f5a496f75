"""Hooks of hatchling: a wheel also has its version as text, the facts as JSON, which are read in a twentieth
of the time, and what uv.lock pins as requirements; the README of a package index leads to the site."""

from __future__ import annotations

import json
import re
import runpy
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface


class FilesOfWheel(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self.made = tempfile.TemporaryDirectory()
        locked = runpy.run_path(str(Path(self.root, ".ci", "locked.py")))["locked"]()
        texts = {"slimify/version.txt": self.metadata.version, "slimify/requirements.txt": locked}
        for path in Path(self.root, "slimify").rglob("facts/*.toml"):
            facts = tomllib.loads(path.read_text("utf-8"))
            texts[f"{path.relative_to(self.root).as_posix()}.json"] = json.dumps(facts, ensure_ascii=False)
        for name, text in texts.items():
            made = Path(self.made.name, name)
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_text(text, "utf-8")
            build_data["force_include"][str(made)] = name

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self.made.cleanup()


class ReadmeOfIndex(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        text, site = Path(self.root, "README.md").read_text("utf-8"), metadata["urls"]["Documentation"]
        text = text.replace("(docs/images/", f"({site}_images/")
        text = re.sub(r"\(docs/([\w/-]+)\.md(#[\w-]+)?\)", rf"({site}\1.html\2)", text)
        text = re.sub(r"\[([^]]+)\]\(\.github/[^)]*\)", r"\1", text)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
