"""Words of a shell: quotes, expansions, patterns."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any

from tools.generator.simulation.files import Files
from tools.generator.simulation.shell_grammar import Unmodelled, closing

_PARAMETER = re.compile(r"\$(\w+|[@*#?$!-])")
_BRACED = re.compile(r"(#?)(\w+|[@*])(:?[-+=?]|##|#|%%|%|/)?(.*)", re.DOTALL)


class Words:
    """The part of a shell that expands words."""

    env: dict[str, str]
    arguments: list[str]
    files: Files
    cwd: str
    name: str
    status: int

    def path(self, name: str) -> str:
        raise NotImplementedError

    def output_of(self, text: str) -> str:
        raise NotImplementedError

    def words(self, raw: list[str]) -> list[str]:
        return [field for word in raw for field in self._fields(word)]

    def word(self, raw: str) -> str:
        return " ".join("".join(t for t, _ in f) for f in self._split(raw))

    def expanded(self, text: str) -> str:
        """A here-document, or what stands in double quotes."""
        return "".join(t for t, _ in self._pieces('"' + re.sub(r'(?<!\\)"', r"\"", text) + '"'))

    def _fields(self, raw: str) -> list[str]:
        fields = self._split(raw)
        found: list[str] = []
        for pieces in fields:
            text = "".join(t for t, _ in pieces)
            if any(not quoted and re.search(r"[*?[]", t) for t, quoted in pieces):
                matches = self.files.glob(self.path(text))
                if matches and not text.startswith("/"):
                    base = self.cwd.rstrip("/") + "/"
                    matches = [m.removeprefix(base) for m in matches]
                found += matches or [text]
            else:
                found.append(text)
        return found

    def _split(self, raw: str) -> list[list[tuple[str, bool]]]:
        """The fields of a word: pieces of text, and whether each is quoted."""
        fields: list[list[tuple[str, bool]]] = []
        open_field = False
        for text, kind in self._pieces(raw):
            if kind == "list":  # "$@"
                for number, each in enumerate(text.split("\0") if text else []):
                    if number or not open_field:
                        fields.append([])
                    fields[-1].append((each, True))
                    open_field = True
                continue
            parts = re.split(r"[ \t\n]+", text) if kind == "split" else [text]
            for number, each in enumerate(parts):
                if number:
                    open_field = False
                if each or kind == "quoted":
                    if not open_field:
                        fields.append([])
                    fields[-1].append((each, kind == "quoted"))
                    open_field = True
        return fields

    def _pieces(self, raw: str, quoted: bool = False) -> list[tuple[str, Any]]:
        """Pairs of text and what it is: plain, quoted, split (of an expansion), list (of "$@")."""
        found: list[tuple[str, Any]] = []
        plain = "quoted" if quoted else "plain"
        at = 0
        while at < len(raw):
            c = raw[at]
            if c == "'" and not quoted:
                end = raw.index("'", at + 1)
                found.append((raw[at + 1 : end], "quoted"))
                at = end + 1
            elif c == '"' and not quoted:
                end = self._closing_quote(raw, at)
                inner = raw[at + 1 : end]
                found += [("", "quoted"), *self._pieces(inner, True)] if inner != "$@" else [self._all()]
                at = end + 1
            elif c == "\\" and at + 1 < len(raw):
                keep = quoted and raw[at + 1] not in '"$`\\\n'
                found.append(("\\" + raw[at + 1] if keep else raw[at + 1].replace("\n", ""), "quoted"))
                at += 2
            elif c == "$" or c == "`":
                text, at = self._expansion(raw, at)
                found.append((text, "quoted" if quoted else "split"))
            elif c == "~" and not at and not quoted and raw[1:2] in ("", "/"):
                found.append((self.env.get("HOME", "/"), plain))
                at = 1
            else:
                end = at + 1
                while end < len(raw) and raw[end] not in "'\"\\$`":
                    end += 1
                if quoted:
                    while end < len(raw) and raw[end] in "'\"":
                        end += 1
                found.append((raw[at:end], plain))
                at = end
        return found

    def _all(self) -> tuple[str, str]:
        return "\0".join(self.arguments), "list"

    @staticmethod
    def _closing_quote(raw: str, at: int) -> int:
        at += 1
        while raw[at] != '"':
            at = (
                at + 2
                if raw[at] == "\\"
                else closing(raw, at + 1, "(", ")")
                if raw.startswith("$(", at)
                else at + 1
            )
        return at

    def _expansion(self, raw: str, at: int) -> tuple[str, int]:
        if raw[at] == "`":
            end = raw.index("`", at + 1)
            return self.output_of(raw[at + 1 : end]), end + 1
        if raw.startswith("$((", at):
            raise Unmodelled("arithmetic")
        if raw.startswith("$(", at):
            end = closing(raw, at + 1, "(", ")")
            return self.output_of(raw[at + 2 : end - 1]), end
        if raw.startswith("${", at):
            end = closing(raw, at + 1, "{", "}")
            return self._braced(raw[at + 2 : end - 1]), end
        match = _PARAMETER.match(raw, at)
        if not match:
            return "$", at + 1
        return self.value(match[1]) or "", match.end()

    def value(self, name: str) -> str | None:
        if name in ("@", "*"):
            return " ".join(self.arguments)
        if name == "#":
            return str(len(self.arguments))
        if name == "?":
            return str(self.status)
        if name == "0":
            return self.name
        if name.isdigit():
            return self.arguments[int(name) - 1] if int(name) <= len(self.arguments) else None
        return self.env.get(name)

    def _braced(self, text: str) -> str:
        match = _BRACED.fullmatch(text)
        if not match:
            raise Unmodelled(f"${{{text}}}")
        length, name, operator, rest = match[1], match[2], match[3] or "", match[4]
        value = self.value(name)
        if length:
            return str(len(value or ""))
        if operator in (":-", "-", ":+", "+", ":=", "="):
            empty = value is None or (operator[0] == ":" and value == "")
            if operator[-1] == "+":
                return "" if empty else self.word(rest)
            if empty and operator[-1] == "=":
                self.env[name] = self.word(rest)
            return self.word(rest) if empty else value or ""
        if operator in ("#", "##", "%", "%%"):
            return _trimmed(value or "", operator, self.word(rest))
        if operator:
            raise Unmodelled(f"${{{text}}}")
        return value or ""


def _trimmed(value: str, operator: str, pattern: str) -> str:
    ends = range(len(value) + 1)
    if operator[0] == "#":
        order = ends if operator == "#" else reversed(ends)
        return next((value[n:] for n in order if fnmatchcase(value[:n], pattern)), value)
    order = reversed(ends) if operator == "%" else ends
    return next((value[:n] for n in order if fnmatchcase(value[n:], pattern)), value)
