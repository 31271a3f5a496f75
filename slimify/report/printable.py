"""Makes names and commands safe to print: escapes control characters and masks secrets."""

from __future__ import annotations

import re

# Characters that break lines, are invisible, or change the text direction.
_NOT_PRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}

_MASK = "•••"
_KEY = (
    r"(?:(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL)S?(?![a-z])|AUTH(?![a-z])|AUTHTOKEN"
    r"|(?:API|ACCESS|PRIVATE)[_-]?KEY|(?<![a-z])PAT(?![\w-]))"
)
_NAME = rf"[\w.-]*{_KEY}[\w.-]*"
_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s"'|;&]+)"""
_ASSIGNED = re.compile(rf"(?i)(\b{_NAME}\s?[=:](?!=)\s*)(?!\$)(?:(?:Bearer|Basic)\s+)?{_VALUE}")
_OPTION = re.compile(rf"(?i)(--?[\w-]*(?:token|password|passwd|secret)[= ]\s*)(?!\$|-){_VALUE}")
_HEADER = re.compile(r"(?i)\b((?:bearer|basic)\s+)(?!\$)[\w.~+/=-]{8,}")
_SPACED = re.compile(rf"(?im)^(\s*ENV\s+{_NAME}\s+)(?![=:$])\S.*$")
# The legacy builder records build arguments in front of the command, without quoting values.
_ARGUMENTS = re.compile(r"\|\d+ ")
_ARGUMENT = re.compile(rf"(?i)(?<=\s)({_NAME}=).*?(?=\s\w+=|\s/bin/|$)")
_LOGIN = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)(?!\$)[^\s/@'\"]+@")
_KNOWN = re.compile(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|npm_\w{20,}|xox[abposr]-[\w-]{10,}"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}|sk-[\w-]{20,}|pypi-[\w-]{30,}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)
_PEM = re.compile(r"(-----BEGIN [A-Z ]+-----).*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL)


def printable(text: str) -> str:
    """`text` with unprintable characters escaped: `\\n`, `\\xff`, `\\u202e`.

    A lone surrogate for a byte that is not UTF-8 (PEP 383) is shown as that byte.
    """
    return _NOT_PRINTABLE.sub(lambda found: _escape(found[0]), text)


def _escape(char: str) -> str:
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:
        number -= 0xDC00
    return _SHORT.get(char) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")


def masked(text: str) -> str:
    """`text` with values that look like passwords, tokens or keys replaced by dots.

    The history of an image has the values of build arguments in clear text (`|1 TOKEN=… /bin/sh -c …`), and
    reports are often shared. References to variables are kept.
    """
    text = _PEM.sub(rf"\1 {_MASK}", text)
    text = _LOGIN.sub(rf"\1{_MASK}@", text)
    text = _SPACED.sub(rf"\1{_MASK}", text)
    if _ARGUMENTS.match(text):
        text = _ARGUMENT.sub(rf"\1{_MASK}", text)
    for pattern in (_HEADER, _ASSIGNED, _OPTION):
        text = pattern.sub(rf"\1{_MASK}", text)
    return _KNOWN.sub(_MASK, text)
