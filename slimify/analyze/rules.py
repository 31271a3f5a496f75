"""Checks an image against limits for CI: slimify's own, and those of dive's `.dive-ci`.

Rules of `.dive-ci` follow dive (its README, "CI Integration"): a value equal to its limit passes; `disabled`,
`off`, `false` or an empty value disables a rule; a missing rule has dive's default.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from slimify.analyze.model import Analysis, Rule
from slimify.context.values import yaml_of
from slimify.model.errors import SlimifyError
from slimify.model.regex import regex

BAD_RULES: Final = "SL754"
DIVE_DEFAULTS: Final[Mapping[str, str]] = {
    "lowestEfficiency": "0.9",
    "highestWastedBytes": "disabled",
    "highestUserWastedPercent": "0.1",
}
OFF: Final = "disabled"

_OFF = frozenset(("", "disabled", "off", "false", "no", "none", "null"))
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_SIZE = regex(r"(\d+(?:\.\d*)?|\.\d+)\s*(?:([kmgt]?)(i?)b?)", re.IGNORECASE)


class Limit(Struct, frozen=True, kw_only=True):
    """A maximum in bytes, or as a share (0 to 1); `text` is the limit as it was written."""

    text: str
    bytes: int | None = None
    share: float | None = None


class Limits(Struct, frozen=True, kw_only=True):
    """The limits given on the command line."""

    max_size: Limit | None = None
    max_wasted: Limit | None = None
    max_avoidable: Limit | None = None
    min_efficiency: float | None = None

    @property
    def any(self) -> bool:
        """Whether any limit is set."""
        return any(
            item is not None
            for item in (self.max_size, self.max_wasted, self.max_avoidable, self.min_efficiency)
        )


NO_LIMITS: Final = Limits()


def parse_size(text: str) -> int:
    """The bytes of `500MB`, `1.5 GiB`, `20M` or a plain number. Units without an i are decimal.

    Raises ValueError with a message for anything else.
    """
    match = _SIZE.fullmatch(text.strip().replace(",", ""))
    if match is None or (match[3] and not match[2]):
        raise ValueError(f'"{text}" is no size (500MB, 1.5GB, 20MiB)')
    unit = match[2].lower()
    return int(float(match[1]) * (_BINARY if match[3] else _UNITS)[unit])


def parse_share(text: str) -> float:
    """The ratio of `0.95` or `95%`. Raises ValueError with a message for anything not between 0 and 1."""
    number = text.strip()
    try:
        value = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        raise ValueError(f'"{text}" is no ratio (0.95 or 95%)') from None
    if not 0 <= value <= 1:  # NaN too
        raise ValueError(f'"{text}" is not between 0 and 1 (0% and 100%)')
    return value


def parse_limit(text: str) -> Limit:
    """The limit of `20MB` or `10%`. Raises ValueError with a message for anything else."""
    if text.strip().endswith("%"):
        return Limit(text=text.strip(), share=parse_share(text))
    return Limit(text=text.strip(), bytes=parse_size(text))


def check_limits(analysis: Analysis, limits: Limits) -> tuple[Rule, ...]:
    """The results of the command line limits, in their order.

    Wasted bytes are counted as dive does, and their share is relative to the layers above the lowest one.
    Avoidable bytes are those of the findings, and their share is relative to the whole image.
    """
    found = analysis.efficiency
    rules = [
        _limit_rule("max-size", limits.max_size, analysis.size, 1.0),
        _limit_rule("max-wasted", limits.max_wasted, found.wasted, found.wasted_share),
        _limit_rule(
            "max-avoidable",
            limits.max_avoidable,
            analysis.avoidable,
            analysis.avoidable / analysis.size if analysis.size else 0.0,
        ),
    ]
    if limits.min_efficiency is not None:
        wanted = f"{limits.min_efficiency:g}"
        rules.append(
            _rule("min-efficiency", wanted, _ratio(found.score), found.score < limits.min_efficiency)
        )
    return tuple(rule for rule in rules if rule is not None)


def check_dive_rules(analysis: Analysis, values: Mapping[str, str] = DIVE_DEFAULTS) -> tuple[Rule, ...]:
    """The results of the rules that `parse_dive_rules` returns. Disabled rules have the limit `disabled`."""
    found = analysis.efficiency
    judges: Mapping[str, Callable[[str], tuple[str, bool]]] = {
        "lowestEfficiency": lambda wanted: (_ratio(found.score), found.score < parse_share(wanted)),
        "highestWastedBytes": lambda wanted: (_bytes(found.wasted), found.wasted > parse_size(wanted)),
        "highestUserWastedPercent": lambda wanted: (
            _ratio(found.wasted_share),
            found.wasted_share > parse_share(wanted),
        ),
    }
    return tuple(_dive_rule(name, values[name], judge) for name, judge in judges.items())


def parse_dive_rules(text: str, file: str) -> Mapping[str, str]:
    """The rules of a `.dive-ci` file. Unknown rules are ignored: they are for plug-ins of dive.

    Raises SlimifyError (SL754) for malformed YAML, a missing mapping of rules, or an invalid limit.
    """
    documents = yaml_of(text)
    top = documents[0] if documents else None
    rules = top.get("rules") if isinstance(top, dict) else top
    if (not documents and _has_content(text)) or not isinstance(rules, dict | None):
        raise SlimifyError(
            BAD_RULES, f"{file} has no rules", hint="`rules:` and the limits below it, as YAML"
        )
    given = rules or {}
    values = {
        name: _as_text(given[name]) if name in given else default for name, default in DIVE_DEFAULTS.items()
    }
    for name, value in values.items():
        try:
            if value != OFF:
                (parse_size if name == "highestWastedBytes" else parse_share)(value)
        except ValueError as error:
            raise SlimifyError(BAD_RULES, f"{file}: {name}: {error}") from error
    return values


def _has_content(text: str) -> bool:
    return any(line.strip() not in ("", "---") for line in text.splitlines() if line.lstrip()[:1] != "#")


def _as_text(value: object) -> str:
    """A value as text. YAML 1.1 reads `off` and `no` as False, and 0.95 as a number."""
    text = "" if value is None else str(value).strip()
    return OFF if text.lower() in _OFF else text


def _dive_rule(name: str, wanted: str, judge: Callable[[str], tuple[str, bool]]) -> Rule:
    if wanted == OFF:
        return Rule(name=name, limit=OFF, found="", ok=True)
    found, broken = judge(wanted)
    return _rule(name, wanted, found, broken)


def _limit_rule(name: str, wanted: Limit | None, found: int, part: float) -> Rule | None:
    if wanted is None:
        return None
    if wanted.share is not None:
        return _rule(name, wanted.text, _ratio(part), part > wanted.share)
    assert wanted.bytes is not None
    return _rule(name, wanted.text, _bytes(found), found > wanted.bytes)


def _rule(name: str, wanted: str, found: str, broken: bool) -> Rule:
    return Rule(name=name, limit=wanted, found=found, ok=not broken)


def _ratio(value: float) -> str:
    """Four digits, truncated: 0.94999 is below 0.95 and must not be shown as 0.95."""
    return f"{math.floor(value * 10_000) / 10_000:.4f}" if math.isfinite(value) else str(value)


def _bytes(count: int) -> str:
    return f"{count:,} bytes"
