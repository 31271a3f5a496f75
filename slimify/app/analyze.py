"""Images named on the command line → analyses: archives, layout directories, standard input, engines.

Names are those that dive and skopeo know: `docker-archive:FILE[:NAME]`, `oci-archive:FILE[:NAME]`,
`oci:DIRECTORY[:NAME]`, `docker:NAME`, `podman:NAME`, with or without `//`. Without any of these, a file
or a layout directory that exists is that, and everything else an image of a container engine.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Literal

from msgspec import Struct

from slimify.analyze import rules
from slimify.analyze.rules import NO_LIMITS, Limits
from slimify.app import dockerfiles as jobs
from slimify.app import locate, prove
from slimify.app.locate import Target
from slimify.model.errors import SlimifyError

if TYPE_CHECKING:
    from slimify.analyze.model import Analysis, Rule
    from slimify.engine.containers import Engine
    from slimify.engine.model import EngineName
    from slimify.image.model import Image
    from slimify.model.outcome import Outcome

NO_IMAGE: Final = "SL750"
DIVE_FILE: Final = ".dive-ci"

_LEVEL: Final = 1  # of gzip, with which layers are measured: what registries send is a little smaller
_ENGINES: Final[tuple[EngineName, ...]] = ("docker", "podman", "buildah")
_FILES: Final = ("docker-archive", "docker-tar", "oci-archive", "oci")
_STORES: Final[dict[str, EngineName]] = {
    "docker": "docker",
    "docker-daemon": "docker",
    "podman": "podman",
    "containers-storage": "podman",
    "buildah": "buildah",
}
_SCHEME = re.compile(r"(?P<scheme>[a-z-]+):(?P<slashes>//)?(?P<rest>.+)", re.DOTALL)
_REFERENCE = re.compile(r"[A-Za-z0-9][\w.-]*(?::\d+)?(?:/[\w.-]+)*(?::[\w.-]+)?(?:@[\w.+-]+:[0-9a-fA-F]+)?")
_PATH = re.compile(r"[./~]|.*/\Z|.*\.(?:tar|tgz|tzst|gz|zst|oci)\Z|.*[\\\\]", re.DOTALL)
_LONGEST: Final = 512  # characters of a name with tag and digest (distribution/reference: 255, 128, 135)
_LAYOUT = ("index.json", "manifest.json", "oci-layout")


class Place(Struct, frozen=True, kw_only=True):
    """Where an image is: a file (`path` None: standard input), a directory, or an engine (None: the first
    that has it). `name` says which of several images of an archive, or which one of the engine."""

    kind: Literal["archive", "layout", "engine"]
    path: Path | None = None
    name: str = ""
    engine: EngineName | None = None


class AnalyzeOptions(Struct, frozen=True, kw_only=True):
    """How to look at images. `dockerfiles`: of the first image, and of the second; `limits`: those by which
    the last one is judged."""

    dockerfiles: tuple[Path, ...] = ()
    context: Path | None = None
    replicas: int = 0
    nodes: int = 0
    engine: EngineName | None = None
    platform: str = ""
    limits: Limits = NO_LIMITS
    ci: bool | None = None  # by the rules of dive; None: as the environment says
    ci_config: Path | None = None


class Analyses(Struct, frozen=True, kw_only=True):
    """The images that could be read, the rules that the last one was judged by, and what went wrong."""

    analyses: tuple[Analysis, ...]
    rules: tuple[Rule, ...] = ()
    failure: Outcome | None = None


def place(text: str, engine: EngineName | None = None) -> Place:
    """Where the image is that `text` names. Raises SlimifyError, SL901 for a file that is not there and
    SL750 for what can be no name of an image."""
    if text == "-":
        return Place(kind="archive")
    found = _SCHEME.fullmatch(text)
    if found and found["scheme"] in _FILES and not _is_there(Path(text)):
        return _file(found["rest"], directory=found["scheme"] == "oci")
    if found and found["scheme"] in _STORES and (found["slashes"] or re.search(r"[:/]", found["rest"])):
        # `docker:dind` is an image of that name, as no tag has a colon or a slash.
        return Place(kind="engine", name=_reference(found["rest"]), engine=_STORES[found["scheme"]])
    if engine is None or _PATH.match(text):
        path = Path(text)
        is_there = _is_there(path)
        if is_there and not path.is_dir():
            return Place(kind="archive", path=path)
        if is_there and any((path / name).is_file() for name in _LAYOUT):
            return Place(kind="layout", path=path)
        if is_there and _PATH.match(text):
            raise SlimifyError(NO_IMAGE, "the directory holds no image", hint="a layout has an index.json")
        if _PATH.match(text):
            raise _missing("file")
    return Place(kind="engine", name=_reference(text), engine=engine)


def analyze_images(names: Sequence[str], asked: AnalyzeOptions) -> Analyses:
    """The images, read one after the other and looked at, and how the last one stands to the limits.

    What goes wrong is the failure: what `place` and `dive_values` raise, ImageError for what can't be
    read, SL750 for an image that no engine has, SL905 for an engine that fails, SL999 for what nobody
    foresaw.
    """
    from slimify.engine.model import EngineProblem

    found: list[Analysis] = []
    name = str(asked.ci_config or DIVE_FILE)
    try:
        values = _dive_values(asked)
        for number, name in enumerate(names):
            dockerfile = asked.dockerfiles[number] if number < len(asked.dockerfiles) else None
            found.append(_analysed(name, dockerfile, asked))
        return Analyses(analyses=tuple(found), rules=_judged(found[-1], asked.limits, values))
    except EngineProblem as problem:
        failure = jobs.failed(name, prove.engine_error(problem))
    except Exception as error:
        failure = jobs.failed(name, error)
    return Analyses(analyses=tuple(found), failure=failure)


def read_image(name: str) -> Image | Outcome:
    """An image, with what a rewrite of its Dockerfile asks of it; the failure, as for `analyze_images`."""
    from slimify.analysis.evidence.built_image import keep
    from slimify.engine.model import EngineProblem

    try:
        return _read(place(name), keep, digests=False)
    except EngineProblem as problem:
        return jobs.failed(name, prove.engine_error(problem))
    except Exception as error:
        return jobs.failed(name, error)


def _dive_values(asked: AnalyzeOptions) -> Mapping[str, str] | None:
    """The rules of `--ci-config`, else those of `.dive-ci` in the current directory, in CI alone; where
    neither they nor limits are there, dive's own. None: none."""
    # dive's words for yes, which are not all that programs know
    in_ci = os.environ.get("CI", "") in ("true", "1", "yes") if asked.ci is None else asked.ci
    path = asked.ci_config or Path(DIVE_FILE)
    if asked.ci_config is None and not in_ci:
        return None
    if asked.ci_config is not None or path.is_file():
        text = locate.read(Target(name=str(path), path=path)).decode("utf-8", "replace")
        return rules.dive_values(text, str(path))
    return None if asked.limits.any else rules.DIVE_DEFAULTS


def _judged(analysis: Analysis, limits: Limits, values: Mapping[str, str] | None) -> tuple[Rule, ...]:
    of_dive = () if values is None else rules.dive(analysis, values)
    return (*of_dive, *rules.judged(analysis, limits))


# --- from the name to the bytes -------------------------------------------------------------------


def _file(rest: str, *, directory: bool) -> Place:
    """`PATH` or `PATH:NAME`; both may hold colons."""
    kind: Literal["archive", "layout"] = "layout" if directory else "archive"
    if rest == "-":
        return Place(kind="archive")
    cuts = [len(rest), *(match.start() for match in re.finditer(":", rest))]
    for cut in sorted(cuts, reverse=True):
        path = Path(rest[:cut])
        if cut and _is_there(path):
            name = rest[cut + 1 :]
            return Place(kind="layout" if path.is_dir() else kind, path=path, name=name)
    raise _missing("directory" if directory else "file")


def _missing(what: str) -> SlimifyError:
    return SlimifyError(locate.NOT_READABLE, f"no such {what}", hint="`docker save -o FILE IMAGE` makes one")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, a NUL byte
        return False


def _reference(text: str) -> str:
    if len(text) > _LONGEST or not _REFERENCE.fullmatch(text):
        hint = "an image as `docker images` names it, an archive of `docker save`, or - for standard input"
        raise SlimifyError(NO_IMAGE, "neither a file nor the name of an image", hint=hint)
    return text


def _analysed(text: str, dockerfile: Path | None, asked: AnalyzeOptions) -> Analysis:
    from slimify.analyze.analyse import KEEP, analyse

    target = Target(name=str(dockerfile), path=dockerfile) if dockerfile is not None else None
    data = locate.read(target) if target is not None else None
    context = asked.context
    if context is None and target is not None and data is not None:
        context, _ = locate.build_context(target, data)
    compress = _LEVEL if asked.replicas or asked.nodes else 0
    image = _read(place(text, asked.engine), KEEP, compress=compress, platform=asked.platform)
    name = text if text != "-" else (*image.names, "standard input")[0]
    return analyse(
        image,
        name=name,
        dockerfile=data,
        dockerfile_name=target.name if target is not None else "",
        context=context,
        replicas=asked.replicas,
        nodes=asked.nodes,
    )


def _read(
    where: Place,
    keep: Callable[[str], bool],
    *,
    digests: bool = True,
    compress: int = 0,
    platform: str = "",
) -> Image:
    from slimify.image import archive

    if where.kind == "layout":
        assert where.path is not None
        return archive.read_layout(
            where.path, keep=keep, digests=digests, compress=compress, name=where.name, platform=platform
        )
    with _stream(where) as stream:
        return archive.read(
            stream,
            keep=keep,
            digests=digests,
            compress=compress,
            name=where.name if where.kind == "archive" else "",
            platform=platform,
        )


@contextmanager
def _stream(where: Place) -> Iterator[BinaryIO]:
    if where.kind == "engine":
        engine, name = _engine_with(where.name, where.engine)
        with engine, engine.archive(name) as stream:
            yield stream
    elif where.path is None:
        if sys.stdin.isatty():
            hint = "docker save IMAGE | slimify analyze -"
            raise SlimifyError(locate.NOT_READABLE, "standard input is a terminal", hint=hint)
        yield sys.stdin.buffer
    else:
        try:
            with where.path.open("rb") as stream:
                yield stream
        except OSError as error:
            message = f"cannot read the file: {error.strerror or error}"
            raise SlimifyError(locate.NOT_READABLE, message) from error


def _engine_with(name: str, wanted: EngineName | None) -> tuple[Engine, str]:
    """The engine that has an image, and the image's name for it. Nothing is pulled.

    Docker saves all tags of a name without one, so `latest` is spelt out unless it is an id.
    """
    from slimify.engine.detect import detect
    from slimify.engine.model import EngineProblem

    last = name.rpartition("/")[2]
    names = (name,) if ":" in last or "@" in last else (f"{name}:latest", name)
    asked, problems = [], []
    for candidate in (wanted,) if wanted else _ENGINES:
        try:
            engine = detect(candidate)
            asked.append(engine.name)
            for full in names:
                if engine.available(full):
                    return engine, full
        except EngineProblem as problem:
            problems.append(problem)
    serious = [problem for problem in problems if problem.kind != "missing"]
    if serious or not asked:
        raise (serious or problems)[0]
    who = " and ".join(dict.fromkeys(asked))
    hint = f"pull or build it first: {asked[0]} pull {name}; an archive is named by its path"
    raise SlimifyError(NO_IMAGE, f"{who} {'have' if len(asked) > 1 else 'has'} no such image", hint=hint)
