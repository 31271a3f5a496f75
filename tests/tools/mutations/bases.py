"""Base images: another release, distribution, C library, or one that lacks a shell or an interpreter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slimify.syntax.dockerfile.instructions import from_parts, split_stages

from .kinds import Change, kind
from .subject import Stage, Subject


def _with_base(s: Subject, stage: Stage, image: str, platform: str = "") -> str:
    alias = from_parts(stage[0]).alias
    word = re.search(r"(?i)\s(as\s+\S+)", stage[0].raw)
    flag = f"--platform={platform} " if platform else ""
    return s.replaced(stage[0], f"FROM {flag}{image}" + (f" {word.group(1)}" if alias and word else ""))


def _static(s: Subject) -> bool:
    """Whether the image holds nothing that depends on what its base is."""
    base = s.base(s.final)
    return base is not None and base.libc == "none"


def _needs_no_libc(s: Subject) -> bool:
    """Whether the program is linked statically, and nothing else in the image is a program."""
    if s.program.language != "go" or _loads_libraries(s) or any(x.keyword == "RUN" for x in s.final):
        return False
    if "CGO_ENABLED=0" in s.text or "CGO_ENABLED 0" in s.text:
        return True
    # golang:alpine has no C compiler
    alpine = any("alpine" in x[0].value for x in s.builders) and not re.search(
        r"gcc|g\+\+|build-base", s.text
    )
    return alpine or not s.sources_mention(r'"net(?:/\w+)*"|"os/user"|import "C"')


def _language(s: Subject) -> str:
    base = s.base(s.final)
    return (base.language if base is not None else None) or ""


_RELEASES = {
    "trixie": ("bookworm", "bullseye"),
    "bookworm": ("bullseye", "trixie"),
    "debian13": ("debian12",),
    "debian12": ("debian11",),
}


@kind("base-other-release", "another release of the distribution or of the language")
def base_other_release(s: Subject) -> Iterator[Change]:
    base = s.base(s.final)
    image = s.expanded(s.final[0], from_parts(s.final[0]).image)
    if base is None or _static(s) or (s.plan.rung == "minimal" and not _loads_libraries(s)):
        return
    for old, others in _RELEASES.items():
        if old in image:
            for other in others:
                yield f"{other} for {old}", _with_base(s, s.final, image.replace(old, other))
    found = re.search(r"(python|node|golang|alpine|ubuntu|bun):?(?=\d)(\d+)(?:\.(\d+))?", image)
    if found:
        name, major, minor = found.groups()
        for step in (-1, 1):
            if name == "ubuntu":
                new = {"-1": "20.04", "1": "24.04"}[str(step)]
            else:
                new = f"{major}.{int(minor) + step}" if minor else f"{int(major) + 2 * step}"
            yield (
                f"{name} {new}",
                _with_base(s, s.final, image[: found.start(2)] + new + image[found.end() :]),
            )


def _loads_libraries(s: Subject) -> bool:
    return bool(re.search(r"cgo|-dev\b|apk add|apt-get install", s.text))


_FOREIGN = {
    "debian": ("ubuntu:24.04", "fedora:41"),
    "ubuntu": ("debian:bookworm-slim", "fedora:41"),
    "alpine": ("debian:bookworm-slim", "busybox:1.36"),
}


@kind("base-other-distribution", "another distribution")
def base_other_distribution(s: Subject) -> Iterator[Change]:
    base = s.base(s.final)
    if base is None or _static(s) or base.distro is None or _needs_no_libc(s):
        return
    if _language(s) or _loads_libraries(s) or base.libc == "musl":
        for other in _FOREIGN.get(base.distro, ()):
            yield other, _with_base(s, s.final, other)


@kind("base-other-libc", "another C library: programs and packages of the builder do not load")
def base_other_libc(s: Subject) -> Iterator[Change]:
    base = s.base(s.final)
    image = s.expanded(s.final[0], from_parts(s.final[0]).image)
    if base is None or base.libc not in ("glibc", "musl") or _needs_no_libc(s):
        return
    if _language(s) and ":" in image:
        name, tag = image.rsplit(":", 1)
        version = re.match(r"[\d.]+|python[\d.]+", tag)
        if version and base.libc == "glibc":
            yield f"{version.group()}-alpine", _with_base(s, s.final, f"{name}:{version.group()}-alpine")
        elif version:
            yield f"{version.group()}-slim", _with_base(s, s.final, f"{name}:{version.group()}-slim")
    others = (
        ("alpine:3.21", "alpine:latest") if base.libc == "glibc" else ("debian:bookworm-slim", "debian:13")
    )
    for other in others:
        yield other, _with_base(s, s.final, other)


@kind("base-without-shell", "the base image has no shell to execute a RUN or the start")
def base_without_shell(s: Subject) -> Iterator[Change]:
    start = [x for x in s.final if x.keyword in ("CMD", "ENTRYPOINT", "HEALTHCHECK")]
    runs = [x for x in s.final if x.keyword == "RUN"]
    shell = any(x.exec_form is None and "CMD [" not in x.value and x.value != "NONE" for x in start)
    script = any(word in ("sh", "bash") or word.endswith(".sh") for word in s.start)
    if runs or shell or script:
        for image in ("scratch", "gcr.io/distroless/base-debian12", "gcr.io/distroless/static-debian12"):
            if image != from_parts(s.final[0]).image:
                yield image, _with_base(s, s.final, image)


@kind("base-without-interpreter", "the base image does not bring what executes the program")
def base_without_interpreter(s: Subject) -> Iterator[Change]:
    base = s.base(s.final)
    if base is None or _language(s) not in ("node", "python"):
        return
    suite = base.suite or "bookworm"
    images = ("debian:bookworm-slim", f"debian:{suite}-slim") if base.libc == "glibc" else ("alpine:3.20",)
    other = "node:20-slim" if _language(s) == "python" else "python:3.12-slim"
    for image in dict.fromkeys((*images, other, "scratch")):
        yield image, _with_base(s, s.final, image)


@kind("base-static-only", "the program loads libraries that the base image does not have")
def base_static_only(s: Subject) -> Iterator[Change]:
    base = s.base(s.final)
    if (
        base is None
        or base.libc not in ("glibc", "musl")
        or s.program.language != "go"
        or "CGO_ENABLED=0" in s.text
    ):
        return
    # with cgo the default resolver and user look-ups are linked in
    if s.several and not _needs_no_libc(s):
        for image in ("scratch", "gcr.io/distroless/static-debian12"):
            yield image, _with_base(s, s.final, image)


@kind("base-no-such-tag", "there is no such image")
def base_no_such_tag(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        image = s.expanded(stage[0], from_parts(stage[0]).image)
        if image == "scratch" or any(from_parts(x[0]).alias == image for x in s.stages):
            continue
        base = s.base(stage)
        if base is None or not base.distro:
            continue
        name, _, tag = image.rpartition(":")
        for wrong in (f"{image}-tiny", f"{name}:{tag}-slim-slim", f"{name}:99.9"):
            if name and wrong != image:
                yield wrong, _with_base(s, stage, wrong)


@kind("builder-other-base", "the builder lacks the compiler, or builds for another release")
def builder_other_base(s: Subject) -> Iterator[Change]:
    for stage in s.builders:
        base = s.base(stage)
        if base is None or not base.language:
            continue
        image = s.expanded(stage[0], from_parts(stage[0]).image)
        other = {"go": "node:20", "node": "golang:1.24", "python": "node:20"}.get(
            base.language, "alpine:3.20"
        )
        yield other, _with_base(s, stage, other)
        yield "debian:bookworm-slim", _with_base(s, stage, "debian:bookworm-slim")
        if base.language == "python":
            new = re.sub(r"3\.(\d+)", lambda m: f"3.{int(m.group(1)) - 1}", image, count=1)
            if "-packages" in s.text or "venv" in s.text:
                yield new, _with_base(s, stage, new)
        plain = re.match(r"[^:]+:[\d.]+", image)
        if plain and base.libc == "glibc" and any("apt-get" in x.value for x in s.runs(stage)):
            yield f"{plain.group()}-alpine", _with_base(s, stage, f"{plain.group()}-alpine")


@kind("platform-mixed", "programs of the builder are for another processor than the image")
def platform_mixed(s: Subject) -> Iterator[Change]:
    for stage in s.builders:
        if stage[0].flag("platform") is None and s.from_builder():
            image = from_parts(stage[0]).image
            for platform in ("linux/arm64", "linux/s390x", "windows/amd64"):
                yield platform, _with_base(s, stage, image, platform)


@kind("other-last-stage", "the last stage of the file is not the image")
def other_last_stage(s: Subject) -> Iterator[Change]:
    last = s.file.instructions[-1]
    is_below = len(split_stages(s.original)[-1]) == 1  # a builder is the same image as the user's
    for stage in s.builders:
        alias = from_parts(stage[0]).alias
        if alias and not is_below:
            yield f"FROM {alias} at the end", s.edit(after={s.at(last): f"FROM {alias} AS release"})
    if s.several:
        yield "an empty last stage", s.edit(after={s.at(last): "FROM scratch"})
        yield (
            "a bare last stage",
            s.edit(after={s.at(last): from_parts(s.final[0]).image.join(("FROM ", ""))}),
        )


@kind("stage-renamed", "a copy names a stage that is called otherwise")
def stage_renamed(s: Subject) -> Iterator[Change]:
    for stage in s.builders:
        alias = from_parts(stage[0]).alias
        if alias and any((x.flag("from") or "").lower() == alias for st in s.stages for x in st):
            named = re.compile(r"(?i)(\sas\s+)\S+")
            yield f"{alias} is compile", s.replaced(stage[0], named.sub(r"\1compile", stage[0].raw))
            yield f"{alias} has no name", s.replaced(stage[0], named.sub("", stage[0].raw))


@kind("base-with-own-packages", "the base brings other releases of the same packages")
def base_with_own_packages(s: Subject) -> Iterator[Change]:
    image = s.expanded(s.final[0], from_parts(s.final[0]).image)
    found = re.fullmatch(r"python:(3\.\d+)-slim", image)
    if found and any("-packages" in x.value for x in s.from_builder()):
        for name in ("tiangolo/uvicorn-gunicorn-fastapi", "tiangolo/meinheld-gunicorn-flask"):
            yield name, _with_base(s, s.final, f"{name}:python{found.group(1)}-slim")
