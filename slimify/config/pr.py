"""The table `[pr]`: settings of pull and merge requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, get_type_hints

from msgspec import Struct

from slimify.config.readers import Reader, matching, reader, table

TitleStyle = Literal["auto", "plain", "conventional"]
Per = Literal["image", "repository"]
ForgeKind = Literal["github", "gitlab", "gitea"]


class Requests(Struct, frozen=True, kw_only=True):
    """Settings of pull and merge requests. `base` "" is the default branch; `forge` None and `api_url` ""
    are derived from the remote."""

    base: str = ""
    branch_prefix: str = "slimify/"
    title: TitleStyle = "auto"
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    draft: bool = False
    per: Per = "image"
    sign_off: bool = False
    limit: int = 5
    forge: ForgeKind | None = None
    api_url: str = ""


def requests(table: Mapping[str, Any]) -> Requests:
    """The settings in a table that `checked` has validated."""
    return Requests(**{name.replace("-", "_"): value for name, value in table.items()})


def checked(value: object) -> dict[str, Any]:
    """The validated table `[pr]` of a settings file. Raises ValueError with a message."""
    found = {}
    for key, item in table(value).items():
        name = key.replace("_", "-")
        if name not in READERS:
            raise ValueError(f'unknown "{key}"; known settings: {", ".join(sorted(READERS))}')
        try:
            found[name] = READERS[name](item)
        except ValueError as error:
            raise ValueError(f'"{key}" {error}') from None
    return found


def is_prefix(text: str) -> bool:
    """Whether a text is a valid branch prefix for git and ends in a separator."""
    plain = re.fullmatch(r"\w[\w./-]*[/-]", text, re.ASCII) is not None
    return plain and not re.search(r"\.\.|//|/\.|\.lock/|/-|\./", text)


def _prefix(value: object) -> str:
    if not isinstance(value, str) or not is_prefix(value):
        raise ValueError('must be a prefix of branch names that ends with / or -, for example "slimify/"')
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise ValueError("must be a list of names")
    return tuple(item.strip().removeprefix("@") for item in value)


def _limit(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("must be an integer of at least 1")
    return value


# Readers of settings whose type is not specific enough.
_READERS: dict[str, Reader] = {
    "base": matching(r"[^\s~^:?*\[\\-][^\s~^:?*\[\\]*", "must be a branch name"),
    "branch_prefix": _prefix,
    "labels": _names,
    "reviewers": _names,
    "limit": _limit,
    "forge": reader(ForgeKind),
    "api_url": matching(
        r"https?://[^\s@/]+(/\S*)?", 'must be a URL, for example "https://git.example/api/v4"'
    ),
}
READERS: dict[str, Reader] = {
    name.replace("_", "-"): _READERS.get(name) or reader(kind)
    for name, kind in get_type_hints(Requests).items()
}
