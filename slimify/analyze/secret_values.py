"""Recognizes and masks secret values, so that no output shows one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from slimify.facts import load
from slimify.image.layout import strings
from slimify.model.regex import regex

MASK: Final = "***"
_SETTING = regex(r"""\b([A-Za-z_]\w{0,100})=("[^"]*"|'[^']*'|[^\s"';&|]+)""")


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    facts = load("waste.toml")["variables"]
    return re.compile(facts["secret"]), re.compile(facts["plain"]), re.compile(facts["value"])


def is_secret(name: str, value: str) -> bool:
    """Whether a variable looks like a secret, by its name or the form of its value."""
    secret, plain, form = _patterns()
    return bool((secret.match(name) and not plain.match(value)) or form.search(value))


def mask_secrets(text: str) -> str:
    """`text`, an instruction or a variable, with secrets masked."""

    def setting(match: re.Match[str]) -> str:
        name, value = match[1], match[2].strip("\"'")
        return f"{name}={MASK}" if is_secret(name, value) else match[0]

    return _patterns()[2].sub(MASK, _SETTING.sub(setting, text))


def without_secrets(config: Mapping[str, object]) -> Mapping[str, object]:
    """An image's configuration with secrets in ENV masked."""
    if "Env" not in config:
        return config
    variables = (item.partition("=") for item in strings(config["Env"]))
    shown = [f"{name}={MASK if is_secret(name, value) else value}" for name, _, value in variables]
    return {**config, "Env": shown}
