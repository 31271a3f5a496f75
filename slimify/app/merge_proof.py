"""Verifies a merge. The original is built as its script does: the build image first, then the files are
copied out of it, then the second Dockerfile is built."""

from __future__ import annotations

import contextlib
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.app import merge_pipeline
from slimify.app.prove import probe_of
from slimify.engine.detect import detect
from slimify.engine.model import BuildOptions, RunOptions
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Outcome
from slimify.planning.merge.plan import Pair, extracted_files, named_images
from slimify.verify.proof_request import proof_request
from slimify.verify.session import Session

if TYPE_CHECKING:
    from slimify.analysis.repository.build_script import BuildScript, Extract
    from slimify.app.dockerfiles import Source
    from slimify.app.prove import Listeners, ProofOptions
    from slimify.config import Options
    from slimify.engine.containers import Engine
    from slimify.verify.model import Proof

_POLL_INTERVAL = 0.5  # seconds
_TIMEOUT = 1800.0  # seconds for the container that produces the files


def prove_merge(
    builder: Source,
    runtime: Source,
    pair: Pair,
    options: Options,
    proving: ProofOptions,
    listeners: Listeners,
) -> tuple[Outcome, Proof | None]:
    """The outcome of a merge and its proof; None without a new file.

    Raises EngineProblem if an image can't be built or the engine fails, and SlimifyError for a malformed
    probe.
    """
    outcome = merge_pipeline.outcome(pair, options)
    if outcome.after is None:
        return outcome, None
    again = any(d.code == "SL371" for d in outcome.decisions)
    with detect(proving.engine) as engine, tempfile.TemporaryDirectory(prefix="slimify-merge-") as folder:
        build = replace(
            proving.build, build_args={**options.build_args, **_build_arguments(pair.build_script)}
        )
        target = pair.build_script.builder.target if pair.build_script is not None else ""
        first = engine.build(
            builder.data, _root(pair.builder), replace(build, target=target), listeners.progress, "builder"
        )
        context = _linked_copy(_root(pair.runtime), Path(folder) / "context")
        for extract in extracted_files(pair):
            _extract(
                engine, first.tag, extract, pair.build_script if again and extract.ran else None, context
            )
        subject = proof_request(
            runtime.data,
            name=runtime.name,
            context=context,
            options=options,
            probe=probe_of(options, proving, runtime.target),
            build=_with_image(build, named_images(pair), first.tag),
            start=proving.run,
        )
        subject = replace(subject, context_after=_root(pair.builder))
        with Session(engine, subject, listeners.progress) as session:
            return outcome, session.prove(outcome.after.encode("utf-8", "surrogateescape"))


def _root(program: object) -> Path:
    root: Path | None = program.context.root  # type: ignore[attr-defined]
    if root is None:
        raise SlimifyError("SL904", "building needs a build context; use --context")
    return root


def _build_arguments(build_script: BuildScript | None) -> dict[str, str]:
    """The build arguments of both builds whose values the script contains."""
    builds = (
        (build_script.builder, *((build_script.runtime,) if build_script.runtime else ()))
        if build_script is not None
        else ()
    )
    pairs = (a.partition("=")[::2] for b in builds for a in b.args)
    return {name: value for name, value in pairs if value and "$" not in value}


def _with_image(build: BuildOptions, names: Sequence[str], tag: str) -> BuildOptions:
    """Build options that make the build image available under the names that the script uses."""
    contexts = tuple(word for n in names for word in ("--build-context", f"{n}=docker-image://{tag}"))
    return replace(build, arguments=(*build.arguments, *contexts))


# --- what the script did ---------------------------------------------------------------------------------


def _linked_copy(root: Path, copy: Path) -> Path:
    """A copy of a directory, made of hard links where possible. Extracted files are added to it."""

    def link(source: str, target: str) -> str:
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError:
            shutil.copy2(source, target, follow_symlinks=False)
        return target

    shutil.copytree(root, copy, symlinks=True, copy_function=link)
    return copy


def _extract(engine: Engine, tag: str, extract: Extract, ran: BuildScript | None, context: Path) -> None:
    """Copies one path of the build image into the context. With `ran`, its container runs first."""
    with _container(engine, tag, ran) as container, engine.copy_out(container, extract.path) as stream:
        (context / extract.target).parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                name = _target_path(extract.target, member.name)
                if (context / name).is_file() or (context / name).is_symlink():
                    (context / name).unlink()  # it may be a hard link to the user's file
                link = _target_path(extract.target, member.linkname) if member.islnk() else member.linkname
                archive.extract(member.replace(name=name, linkname=link, deep=False), context, filter="tar")


def _target_path(target: str, name: str) -> str:
    """The target path of an archive member, whose first component is the requested path."""
    rest = name.partition("/")[2]
    return f"{target}/{rest}" if rest else target


@contextlib.contextmanager
def _container(engine: Engine, tag: str, ran: BuildScript | None) -> Iterator[str]:
    if ran is None:
        container = engine.create(tag)
    else:
        words = ran.command
        options = RunOptions(arguments=("--entrypoint", words[0]), command=words[1:])
        container = engine.start(tag, options)
        end = time.monotonic() + _TIMEOUT
        while engine.state(container).running and time.monotonic() < end:
            time.sleep(_POLL_INTERVAL)
    try:
        yield container
    finally:
        engine.remove(container)
