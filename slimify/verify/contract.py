"""Compares the runtime contract of two built images: the configuration that their users depend on.

The fields are those of the image configuration (OCI image spec, "config"; Docker adds Healthcheck,
Shell and OnBuild). A difference that a decision of the rewrite explains, or that the user's settings
accept, is reported as accepted.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from slimify.facts.image_tables import entry_scripts
from slimify.facts.language_files import all_files
from slimify.facts.system import is_plain_root, on_default_path
from slimify.model.counts import counted
from slimify.model.errors import SlimifyError
from slimify.syntax.dockerfile.instructions import env_pairs
from slimify.syntax.dockerfile.parser import parse
from slimify.verify.model import Check, Finding

DIFFERENT, ENVIRONMENT = "SL510", "SL511"

# Docker's defaults.
_SIGNALS = {"": "SIGTERM", "15": "SIGTERM", "3": "SIGQUIT", "2": "SIGINT", "9": "SIGKILL", "1": "SIGHUP"}
_SHELL = ["/bin/sh", "-c"]


class Terms(Struct, frozen=True, kw_only=True):
    """What may differ between the two configurations.

    `own_env` and `own_labels` are the names that ENV and LABEL instructions of the original file set,
    `base_env` the variables that its base image is known to set. `accepted` are fields (`Cmd`, `Env.NAME`,
    `Labels.NAME`) that decisions of the rewrite change or the user's settings accept. `added` are the fields
    that instructions of the rewritten file set.
    """

    own_env: frozenset[str] = frozenset()
    base_env: frozenset[str] = frozenset()
    own_labels: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()
    own_entrypoint: bool = True  # the original file has an ENTRYPOINT instruction


def fields_set_by(dockerfile: bytes) -> frozenset[str]:
    """The fields that ENV and LABEL instructions of a Dockerfile set: `Env.NAME`, `Labels.NAME`."""
    try:
        instructions = parse(dockerfile, "Dockerfile").instructions
    except SlimifyError:
        return frozenset()
    kinds = {"ENV": "Env", "LABEL": "Labels"}
    return frozenset(
        f"{kinds[one.keyword]}.{name}"
        for one in instructions
        if one.keyword in kinds
        for name, _ in env_pairs(one)
    )


def compare(before: Mapping[str, Any], after: Mapping[str, Any], terms: Terms) -> tuple[Check, ...]:
    """One check for each field. `before` and `after` are the `Config` objects of the two images."""
    checks = [_compare_field(name, reader(before), reader(after), terms) for name, reader in _FIELDS.items()]
    checks += [
        _compare_labels(_labels(before), _labels(after), terms),
        _compare_environment(_env(before), _env(after), terms),
        _compare_path(_env(before).get("PATH", ""), _env(after).get("PATH", ""), terms),
    ]
    return tuple(checks)


def _words_or_none(value: object) -> list[str] | None:
    return list(value) if isinstance(value, list) and value else None


def _sorted_keys(value: object) -> list[str]:
    return sorted(value) if isinstance(value, dict) else []


def _stop_signal(config: Mapping[str, Any]) -> str:
    signal = str(config.get("StopSignal") or "")
    named = signal if signal.isdigit() or signal.startswith("SIG") else f"SIG{signal}"
    return _SIGNALS.get(signal, named)


def _user(config: Mapping[str, Any]) -> str:
    user = str(config.get("User") or "")
    return "" if is_plain_root(user) else user


_FIELDS: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "Entrypoint": lambda c: _words_or_none(c.get("Entrypoint")),
    "Cmd": lambda c: _words_or_none(c.get("Cmd")),
    "WorkingDir": lambda c: c.get("WorkingDir") or "/",
    "User": _user,
    "ExposedPorts": lambda c: _sorted_keys(c.get("ExposedPorts")),
    "Volumes": lambda c: _sorted_keys(c.get("Volumes")),
    "Healthcheck": lambda c: c.get("Healthcheck") or None,
    "StopSignal": _stop_signal,
    "Shell": lambda c: _words_or_none(c.get("Shell")) or _SHELL,
    "OnBuild": lambda c: _words_or_none(c.get("OnBuild")),
}


def _compare_field(name: str, before: object, after: object, terms: Terms) -> Check:
    if before == after:
        return Check(name=name, layer="contract", detail=_display(before))
    why = ""
    if name == "Entrypoint" and not terms.own_entrypoint and all(map(_only_executes, (before, after))):
        why = "the entry script of the base image only executes the command"
    text = f"{name} was {_display(before)} and is {_display(after)}"
    return _check(name, [(name, text, why)], terms, DIFFERENT)


def _only_executes(entrypoint: object) -> bool:
    """Whether the value of ENTRYPOINT is empty, or the entry script of an official image."""
    words = entrypoint if isinstance(entrypoint, list) else []
    return not words or (len(words) == 1 and posixpath.basename(words[0]) in entry_scripts())


def _check(name: str, differences: list[tuple[str, str, str]], terms: Terms, code: str) -> Check:
    """A check from `differences`: field, sentence, and the reason to accept it ("" leaves it to the
    terms)."""
    findings = []
    for field, text, why in differences:
        accepted = bool(why) or field in terms.accepted or field.partition(".")[0] in terms.accepted
        findings.append(Finding(code=code, text=text + (f" ({why})" if why else ""), accepted=accepted))
    ok = all(finding.accepted for finding in findings)
    detail = _summarize(differences) if ok else "; ".join(finding.text for finding in findings)
    return Check(name=name, layer="contract", detail=detail, findings=tuple(findings))


def _summarize(differences: list[tuple[str, str, str]]) -> str:
    """One sentence for accepted differences; names with the same reason are listed together."""
    groups: dict[str, list[str]] = {}
    for field, text, why in differences:
        name = field.partition(".")[2]
        groups.setdefault(why, []).append(name if why and name not in ("", "PATH") else text)
    return "; ".join(", ".join(names) + (f" ({why})" if why else "") for why, names in groups.items())


def _display(value: object) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value)


# --- labels and environment -------------------------------------------------------------------------


def _labels(config: Mapping[str, Any]) -> dict[str, str]:
    return dict(config.get("Labels") or {})


def _env(config: Mapping[str, Any]) -> dict[str, str]:
    return dict(item.partition("=")[::2] for item in config.get("Env") or ())


def _compare_labels(before: Mapping[str, str], after: Mapping[str, str], terms: Terms) -> Check:
    """Labels. Those that the file does not set describe the base image, which may differ."""
    differences = [
        (
            f"Labels.{name}",
            _describe_change(name, before.get(name), after.get(name)),
            ""
            if name in terms.own_labels or f"Labels.{name}" in terms.added
            else "it differs between base images",
        )
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]
    if not differences:
        detail = f"{len(before)} equal" if before else "none"
        return Check(name="labels", layer="contract", detail=detail)
    return _check("labels", differences, terms, DIFFERENT)


def _describe_change(name: str, before: str | None, after: str | None) -> str:
    if before is None:
        return f"{name} is new: {after!r}"
    if after is None:
        return f"{name} is missing: it was {before!r}"
    return f"{name} was {before!r} and is {after!r}"


def _compare_environment(before: Mapping[str, str], after: Mapping[str, str], terms: Terms) -> Check:
    """ENV without PATH. Variables of the original base image may be dropped, those of the file may not."""
    differences = list(_variable_differences(before, after, terms))
    if not differences:
        count = len(before.keys() - {"PATH"})
        return Check(name="Env", layer="contract", detail=f"{counted(count, 'variable')} equal")
    return _check("Env", differences, terms, ENVIRONMENT)


def _variable_differences(
    before: Mapping[str, str], after: Mapping[str, str], terms: Terms
) -> Iterator[tuple[str, str, str]]:
    for name in sorted((before.keys() | after.keys()) - {"PATH"}):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        why = ""
        if name not in terms.own_env and f"Env.{name}" not in terms.added:
            if new is None and name in terms.base_env:
                why = "it described the toolchain of the old base image"
            elif old is None:
                why = "the new base image sets it"
            elif name in terms.base_env:
                why = "it differs between base images"
        yield f"Env.{name}", _describe_change(name, old, new), why


def _compare_path(before: str, after: str, terms: Terms) -> Check:
    """PATH: new entries may be anywhere, existing ones keep their order, toolchain directories may be
    dropped.

    `disk.commands` checks whether commands are still found.
    """
    old, new = _path_entries(before), _path_entries(after)
    gone = [place for place in old if place not in new]
    added = [place for place in new if place not in old]
    common = [place for place in old if place in new]
    differences = []
    if common != [place for place in new if place in old]:
        # some official images list /usr/local/bin twice so that it comes first
        usual = all(map(on_default_path, common)) and "PATH" not in terms.own_env
        why = "it differs between base images" if usual else ""
        differences.append(("Env.PATH", f"the order of PATH changed: {before} -> {after}", why))
    toolchains = tuple(name for one in all_files() for name in one.toolchain_directories)
    for place in gone:
        why = "it belonged to the toolchain" if place.startswith(toolchains) else ""
        if not why and "PATH" not in terms.own_env:
            why = "only the old base image set it"
        differences.append(("Env.PATH", f"{place} is no longer in PATH", why))
    for place in added:
        differences.append(("Env.PATH", f"{place} is new in PATH", "existing entries are kept"))
    if not differences:
        return Check(name="PATH", layer="contract", detail=before or "nothing")
    return _check("PATH", differences, terms, ENVIRONMENT)


def _path_entries(path: str) -> list[str]:
    return list(dict.fromkeys(place.rstrip("/") or "/" for place in path.split(":") if place))
