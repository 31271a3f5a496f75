"""Measures image sizes and build times: without cache, and after a change of one source line."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from slimify.engine.containers import Engine
from slimify.engine.model import EngineProblem
from slimify.facts.language_files import files_of
from slimify.verify.disk.evidence import Side
from slimify.verify.model import Sizes, Times
from slimify.verify.proof_request import Listener, ProofRequest


def image_sizes(side: Side, disk: int) -> Sizes:
    """The sizes of an image. `disk` is the size in bytes that the engine reports."""
    layers = side.image.layers
    counted = [entry for entry in side.files.walk() if entry.kind in ("file", "hardlink")]
    return Sizes(
        disk=disk,
        compressed=sum(layer.compressed or 0 for layer in layers),
        layers=tuple((layer.created_by, layer.size) for layer in layers),
        files=len(counted),
        packages=len(side.packages.installed),
        executables=sum(1 for entry in counted if entry.mode & 0o111),
    )


def build_times(
    engine: Engine,
    case: ProofRequest,
    rewritten: tuple[bytes, bytes | None],
    times: Mapping[str, Times],
    listener: Listener | None,
) -> dict[str, Times]:
    """`times` with the seconds of two builds of each file: without cache, then with cache after a line was
    added to `case.timed_source`.

    `rewritten` is the new Dockerfile with its ignore file. Builds run one after the other, so that they
    don't compete for the processor.
    """
    found = dict(times)
    files = {"original": (case.original, case.ignore), "rewritten": rewritten}
    with tempfile.TemporaryDirectory(prefix="slimify-") as folder:
        copy = Path(folder, "context")
        shutil.copytree(case.context, copy, symlinks=True)
        for label, (dockerfile, ignore) in files.items():
            cold = engine.build(
                dockerfile, copy, replace(case.build, no_cache=True), listener, label, ignore=ignore
            )
            engine.remove_image(cold.tag)
            found[label] = replace(found.get(label, Times()), cold=cold.seconds)
        _change_source(copy / case.timed_source, files_of(case.language).comment)
        for label, (dockerfile, ignore) in files.items():
            try:
                built = engine.build(dockerfile, copy, case.build, listener, label, ignore=ignore)
            except EngineProblem as problem:
                if problem.kind != "build":
                    raise
                continue
            engine.remove_image(built.tag)
            found[label] = replace(found[label], changed=built.seconds, rebuilt=built.runs)
    return found


def _change_source(path: Path, sign: str) -> None:
    """Appends a comment to a source file. It is unique, since the engine may have cached an earlier one."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{os.linesep}{sign} changed to see what is built again: {time.time_ns()}\n")
