"""Makes names and commands safe to print: escapes control characters and masks secrets."""

from __future__ import annotations

import re

from slimify.model.regex import regex

_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}

_MASK = "•••"
_KEY = (
    r"(?:(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL)S?(?![a-z])|AUTH(?![a-z])|AUTHTOKEN"
    r"|(?:API|ACCESS|PRIVATE)[_-]?KEY|(?<![a-z])PAT(?![\w-]))"
)
# Each run of letters is read from its first one on: what begins anywhere takes quadratic time.
_NAME = rf"(?<![\w.-])(?=[\w.-]*{_KEY})[\w.-]+"
_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s"'|;&]+)"""
_ASSIGNED = regex(rf"(?i)({_NAME}\s?[=:](?!=)\s*)(?!\$)(?:(?:Bearer|Basic)\s+)?{_VALUE}")
_OPTION = regex(
    r"(?i)(?<![\w-])(?=\w*-)([\w-]+(?:(?<=token)|(?<=secret)|(?<=password)|(?<=passwd))[= ]\s*)"
    rf"(?!\$|-){_VALUE}"
)
_HEADER = regex(r"(?i)\b((?:bearer|basic)\s+)(?!\$)[\w.~+/=-]{8,}")
_CREDENTIALS = regex(  # the option -u of curl
    r"""(?i)(\bcurl\b[^|;&\n]{0,500}?\s(?:-u|--user)[= ]?\s*["']?[^\s:"'$]+:)(?!\$)[^\s"'|;&]+"""
)
_SPACED = regex(rf"(?im)^([^\S\n]*ENV\s+{_NAME}\s+)(?![=:$])\S.*$")
# The legacy builder records build arguments in front of the command, without quoting values.
_ARGUMENTS = regex(r"\|\d+ ")
_ARGUMENT = regex(rf"(?i)(?<=\s)({_NAME}=).*?(?=\s\w+=|\s/bin/|$)")
_LOGIN = regex(r"(?i)(?<![a-z0-9+.-])([a-z0-9+.-]+://)(?!\$)[^\s/@'\"]+@")
_SEPARATOR = regex("[=:]")
_KNOWN = regex(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|npm_\w{20,}|xox[abposr]-[\w-]{10,}"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}|sk-[\w-]{20,}|pypi-[\w-]{30,}|AIza[\w-]{30,}|eyJ[\w-]{8,500}\.[\w-]{8,}\.[\w-]*)"
)
_PEM = regex(r"(-----BEGIN [A-Z ]+-----).*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL)


def printable(text: str) -> str:
    """`text` with unprintable characters escaped: `\\n`, `\\xff`, `\\u202e`.

    A lone surrogate for a byte that is not UTF-8 (PEP 383) is shown as that byte.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def shown(text: str) -> str:
    """Text from outside (a path, a name, a message, a command) in one line, for people: nothing in it is
    live, and its secrets are masked."""
    return printable(masked(text))


def quiet(text: str) -> str:
    """Text from outside for a forge, where it notifies nobody, and neither names nor closes an issue."""
    return _REFERENCE.sub("\\g<0>\N{ZERO WIDTH SPACE}", text)


def report(text: str) -> str:
    """A report of several lines as it is written to a terminal or a CI log.

    Whatever its parts are, of control characters only line ends, tabs and colours stay, URLs have no
    passwords, and no line is a command of GitHub Actions, which its runner also looks for behind spaces.
    """
    text = _LOGIN.sub(rf"\1{_MASK}@", _COMMAND.sub(r"\1\\\2", text))
    return "".join(part if index % 2 else printable(part) for index, part in enumerate(_KEPT.split(text)))


_REFERENCE = regex(r"@(?=\w)|[#!](?=\d)|\b(?i:GH)-(?=\d)")
_KEPT = regex("([\n\t]|\x1b\\[\\d{1,2}m)")
_COMMAND = regex(r"(?m)(^[^\S\n]*|#)(::|#\[)")
# What the runner executes: a line that begins with `::name …::`, also behind spaces, or has `##[name …]`.
RUNNER_COMMAND = regex(rb"(?:^|[\r\n])[^\S\r\n]*::[a-zA-Z][^\r\n]*::|##\[[a-zA-Z]")


def _escape(char: str) -> str:
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:
        number -= 0xDC00
    if number > 0xFFFF:
        return f"\\U{number:08x}"
    return _SHORT.get(char) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")


def masked(text: str) -> str:
    """`text` with values that look like passwords, tokens or keys replaced by dots.

    The history of an image has the values of build arguments in clear text (`|1 TOKEN=… /bin/sh -c …`), and
    reports are often shared. References to variables are kept.
    """
    if len(text.split(None, 1)) < 2 and not _SEPARATOR.search(text):  # a name
        return _KNOWN.sub(_MASK, text)
    text = _PEM.sub(rf"\1 {_MASK}", text) if "-----BEGIN" in text else text
    text = _LOGIN.sub(rf"\1{_MASK}@", text) if "://" in text else text
    text = _SPACED.sub(rf"\1{_MASK}", text)
    if _ARGUMENTS.match(text):
        text = _ARGUMENT.sub(rf"\1{_MASK}", text)
    for pattern in (_CREDENTIALS, _HEADER, _ASSIGNED, _OPTION):
        text = pattern.sub(rf"\1{_MASK}", text)
    return _KNOWN.sub(_MASK, text)
