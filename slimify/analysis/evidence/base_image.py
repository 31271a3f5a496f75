"""Facts about a base image that is not in the tables (private, hardened, mirrored), read from a built image.

Distribution, C library and package manager come from its files. Configuration that the Dockerfile does not
set comes from the built image. If the Dockerfile extends a variable (`PATH=/x:$PATH`), the base value is the
rest; if it replaces the variable, the base value is unknown.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from slimify.analysis.evidence.image_evidence import OS_RELEASE, BuiltImage
from slimify.facts.image_tables import distribution
from slimify.facts.images import ImageFacts
from slimify.facts.references import parse_reference
from slimify.facts.system import manager_programs
from slimify.image.layout import strings
from slimify.image.tree import Files
from slimify.languages import languages
from slimify.model.dockerfile import Dockerfile
from slimify.model.regex import regex
from slimify.syntax.dockerfile.instructions import env_pairs
from slimify.syntax.dockerfile.scope import scopes

_BASE_VALUE = "\N{OBJECT REPLACEMENT CHARACTER}"  # stands for the value in the base image
_VERSION_NUMBER = regex(r"\d+(?:\.\d+)+")


def base_image_facts(evidence: BuiltImage, file: Dockerfile, reference: str) -> ImageFacts:
    """The facts that its layers and the image configuration show."""
    files = Files(evidence.image.layers[: evidence.first_own_layer])
    parts = parse_reference(reference)
    release = _release(evidence)
    distro = distribution(release.get("ID", ""))
    env = _environment(evidence, file)
    language, version = _language(evidence, files, env)
    config = evidence.image.config
    keywords = {x.keyword for x in file.instructions}
    starts = {"ENTRYPOINT", "CMD"} & keywords
    musl = any(name.startswith("ld-musl-") for name in files.children("/lib"))
    libc = evidence.packages.get("libc6") or evidence.packages.get("glibc")
    number = (
        _VERSION_NUMBER.match(libc.version.partition(":")[2] or libc.version) if libc is not None else None
    )
    return ImageFacts(
        reference=reference,
        repository=parts.name if parts is not None else reference,
        tag=parts.tag if parts is not None else "",
        digest=parts.digest if parts is not None else "",
        family="",
        language=language,
        version=version,
        version_sure=version is not None,
        distro=distro,
        suite=_suite(release, distro),
        suite_sure=True,
        libc="musl" if musl else "glibc" if number else None,
        libc_version=number[0] if number and not musl else None,
        manager=next((name for name, path in manager_programs() if files.resolve(path)), None),
        user=_user(evidence, file),
        workdir=_workdir(config, file),
        env=env,
        entrypoint=() if "ENTRYPOINT" in starts else strings(config.get("Entrypoint")),
        cmd=() if starts else strings(config.get("Cmd")),
        size=evidence.base_size(),
        shell=files.resolve("/bin/sh") is not None,
        packages=base_packages(evidence),
    )


def _release(evidence: BuiltImage) -> Mapping[str, str]:
    """os-release(5): shell-compatible assignments."""
    data = next((evidence.image.contents[p] for p in OS_RELEASE if p in evidence.image.contents), b"")
    lines = (line.partition("=")[::2] for line in data.decode("utf-8", "replace").split("\n"))
    return {name.strip(): value.strip().strip("\"'") for name, value in lines}


def _suite(release: Mapping[str, str], distro: str | None) -> str | None:
    if distro == "alpine":
        return ".".join(release.get("VERSION_ID", "").split(".")[:2]) or None
    return release.get("VERSION_CODENAME") or None


def base_packages(evidence: BuiltImage) -> frozenset[str]:
    """The packages of the base image: those with a file in its layers."""
    files = Files(evidence.image.layers[: evidence.first_own_layer])
    return frozenset(
        package.name
        for package in evidence.packages.installed
        if any(files.get(path) is not None for path in package.files[:20])
    )


# --- the configuration --------------------------------------------------------------------------------


def _environment(evidence: BuiltImage, file: Dockerfile) -> dict[str, str | None]:
    final = dict(text.partition("=")[::2] for text in strings(evidence.image.config.get("Env")))
    own = {name for x in file.instructions if x.keyword == "ENV" for name, _ in env_pairs(x)}
    # The last instruction sees all variables; no instruction sees an ENV at the end.
    last = file.instructions[-1].keyword
    marked = scopes(file, dict.fromkeys(own, _BASE_VALUE), {})[-1] if own and last != "ENV" else {}
    env: dict[str, str | None] = {}
    for name, value in final.items():
        if name not in own:
            env[name] = value
        elif _BASE_VALUE in (text := marked.get(name, "")):
            env[name] = _base_value(text, value)
    return env


def _base_value(text: str, value: str) -> str | None:
    """The part of `value` that the mark in `text` stands for; None if it is ambiguous."""
    before, _, after = text.partition(_BASE_VALUE)
    fits = _BASE_VALUE not in after and value.startswith(before) and value.endswith(after)
    return value[len(before) : len(value) - len(after)] if fits else None


def _user(evidence: BuiltImage, file: Dockerfile) -> str:
    """The user of the base image. If the Dockerfile sets one, the owner of files that earlier RUNs wrote."""
    for instruction in file.instructions:
        if instruction.keyword == "USER":
            return "root"
        if instruction.keyword == "RUN":
            owners = {e.uid for e in evidence.files_of(instruction) if e.kind == "file"}
            if owners and 0 not in owners:
                return str(min(owners))
            if owners:
                break
    named = any(x.keyword == "USER" for x in file.instructions)
    return "root" if named else str(evidence.image.config.get("User") or "root")


def _workdir(config: Mapping[str, object], file: Dockerfile) -> str | None:
    """The working directory of the base image; None if a step depends on it and only the base image sets
    it."""
    final = str(config.get("WorkingDir") or "/")
    for instruction in file.instructions:
        if instruction.keyword == "WORKDIR":
            absolute = instruction.value.strip("\"' ").startswith(("/", "$"))
            return "/" if absolute else None
        if instruction.keyword in ("RUN", "COPY", "ADD"):
            break
    return None if any(x.keyword == "WORKDIR" for x in file.instructions) else final


# --- the language -------------------------------------------------------------------------------------


def _language(
    evidence: BuiltImage, files: Files, env: Mapping[str, str | None]
) -> tuple[str | None, str | None]:
    """The language and its version, if the base image provides it outside of system packages."""
    places = [d for d in (env.get("PATH") or "/usr/local/bin:/usr/bin:/bin").split(":") if d.startswith("/")]
    for known in languages() if places else ():
        program = (files.resolve(posixpath.join(d, known.program)) for d in places if known.program)
        found = next(filter(None, program), None)
        if found is not None and evidence.packages.owner_of(found.path) is None:
            text = evidence.image.contents.get(known.version_file, b"").decode("utf-8", "replace")
            parts = re.findall(known.version_pattern or "(?!)", f"{found.path}\n{text}")
            return known.name, ".".join(parts) or env.get(known.version_variable)
    return None, None
