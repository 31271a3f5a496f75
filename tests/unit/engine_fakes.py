"""Engines that are shell scripts: each notes how it was called, and says what a real one said."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

_HEAD = """#!/bin/sh
echo "$(basename "$0") $*" >> {calls}
"""
_DOCKER = """
case "$*" in
  --version) echo 'Docker version 26.1.5, build a72d7cd'; exit 0 ;;
  version*) echo '{"Server":{"Version":"26.1.5"}}'; exit 0 ;;
  "buildx version") echo 'github.com/docker/buildx 0.13.1'; exit 0 ;;
esac
"""
_IMAGES = """
S={state}
for last; do :; done
case "$1 $2" in
  "buildx build")
    while [ $# -gt 0 ]; do
      case "$1" in -t) tag=$2 ;; -f) file=$2 ;; esac
      shift
    done
    {built}
    echo $kind > $S/$tag ;;
  "inspect --type")
    [ "$3" = image ] && cat $S/$(cat $S/$last).json
    [ "$3" = container ] && cat $S/$(cat $S/$last).container ;;
  "save "*) cat $S/$(cat $S/$last).tar ;;
  "run "*)
    while [ "$1" != --name ]; do shift; done
    name=$2; shift 2
    for word; do case "$word" in slimify-verify-*) cp $S/$word $S/$name ;; esac; done ;;
  "logs "*) cat $S/$(cat $S/$last).log ;;
esac
exit 0
"""


class Fakes:
    """A directory that is all of PATH, besides the tools that scripts need."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bin = folder / "bin"
        self.calls_file = folder / "calls"
        self.temporary = folder / "tmp"
        self.context = folder / "context"
        for path in (self.bin, self.temporary, self.context):
            path.mkdir()
        for tool in ("sh", "echo", "cat", "sleep", "basename", "env", "dirname", "kill", "yes", "head"):
            real = next(Path(d, tool) for d in ("/bin", "/usr/bin") if Path(d, tool).exists())
            (self.bin / tool).symlink_to(real)
        monkeypatch.setenv("PATH", str(self.bin))
        monkeypatch.setenv("TMPDIR", str(self.temporary))
        monkeypatch.setattr("tempfile.tempdir", str(self.temporary))

    def write(self, name: str, script: str) -> None:
        """Puts a program on PATH."""
        path = self.bin / name
        path.write_text(_HEAD.format(calls=self.calls_file) + script)
        path.chmod(0o755)

    def docker(self, script: str) -> None:
        """A docker with buildx; `script` answers what is not about versions."""
        self.write("docker", _DOCKER + script)

    def images(self, state: Path, built: str) -> None:
        """A docker whose images lie in `state`: NAME.tar, NAME.json and, of their containers, NAME.container
        and NAME.log. `built` is a script that sets `kind`, the name of what the Dockerfile `$file` builds."""
        for tool in ("cp", "cmp", "grep"):
            (self.bin / tool).symlink_to(shutil.which(tool, path="/bin:/usr/bin") or tool)
        self.docker(_IMAGES.format(state=state, built=built))

    def says(self, text: str, code: int = 1) -> str:
        """A script that prints a text to standard error and ends."""
        file = self.bin.parent / f"said-{len(list(self.bin.parent.iterdir()))}"
        file.write_text(text)
        return f"cat {file} >&2; exit {code}\n"

    @property
    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []

    def left_in_temporary(self) -> list[str]:
        return sorted(os.listdir(self.temporary))
