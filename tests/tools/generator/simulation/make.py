"""A small make: variables, pattern rules, $(wildcard), $(patsubst)."""

from __future__ import annotations

import posixpath
import re

from tools.generator.simulation.shell import (
    Shell,
    Unmodelled,
    command,
)


class Makefile:
    def __init__(self, shell: Shell, text: str, given: dict[str, str]) -> None:
        self.shell = shell
        self.variables = {"MAKE": "make", "CURDIR": shell.cwd}
        self.rules: list[tuple[list[str], list[str], list[str]]] = []
        recipe: list[str] | None = None
        for line in text.replace("\\\n", " ").split("\n"):
            if line.startswith("\t"):
                if recipe is not None:
                    recipe.append(line[1:])
            elif match := re.match(r"(?:export )?(\w+)\s*(:=|\?=|\+=|=)\s*(.*)", line):
                self._assign(match[1], match[2], match[3].strip())
            elif match := re.match(r"include (.*)", line):
                self.__dict__.update(self._included(match[1]).__dict__)
            elif match := re.match(r"([^:#]+):([^=].*|$)", line):
                recipe = []
                self.rules.append((self.expand(match[1]).split(), self.expand(match[2]).split(), recipe))
        self.variables.update(given)
        self.done: set[str] = set()

    def _assign(self, name: str, operator: str, value: str) -> None:
        if operator == "?=":
            self.variables.setdefault(name, self.shell.env.get(name, value))
        elif operator == "+=":
            self.variables[name] = self.variables.get(name, "") + " " + value
        else:
            self.variables[name] = self.expand(value) if operator == ":=" else value

    def _included(self, name: str) -> Makefile:
        found = Makefile(self.shell, self.shell.files.text(self.shell.path(self.expand(name).strip())), {})
        found.variables = {**self.variables, **found.variables}
        found.rules = [*self.rules, *found.rules]
        return found

    def expand(self, text: str, local: dict[str, str] | None = None) -> str:
        for _ in range(10):
            new = re.sub(
                r"\$(?:\(([^()$]*)\)|\{([^{}$]*)\}|([@<^*]))", lambda m: self._value(m, local or {}), text
            )
            if new == text:
                break
            text = new
        return text.replace("$$", "$")

    def _value(self, match: re.Match[str], local: dict[str, str]) -> str:
        name = match[1] or match[2] or match[3]
        if function := re.match(r"(wildcard|patsubst|shell|notdir|basename) (.*)", name):
            return self._function(function[1], [a.strip() for a in function[2].split(",")])
        if substitution := re.fullmatch(r"(\w+):(.*)=(.*)", name):
            return self._function(
                "patsubst", [*substitution.groups()[1:], self.expand(f"$({substitution[1]})")]
            )
        return local.get(name) or self.variables.get(name) or self.shell.env.get(name, "")

    def _function(self, name: str, words: list[str]) -> str:
        if name == "wildcard":
            base = self.shell.cwd.rstrip("/") + "/"
            return " ".join(p.removeprefix(base) for p in self.shell.files.glob(self.shell.path(words[0])))
        if name == "patsubst":
            old, new = (w if "%" in w else "%" + w for w in words[:2])
            pattern = re.escape(old).replace("%", "(.*)")
            return " ".join(re.sub(f"^{pattern}$", new.replace("%", r"\1"), w) for w in words[2].split())
        if name == "notdir":
            return " ".join(posixpath.basename(w) for w in words[0].split())
        raise Unmodelled(f"make: $({name})")

    def build(self, target: str) -> int:
        if target in self.done:
            return 0
        self.done.add(target)
        rule = self._rule(target)
        if rule is None:
            exists = self.shell.files.get(self.shell.path(target)) is not None
            return 0 if exists else self.shell.say(f"make: no rule for {target}")
        needs, recipe, stem = rule
        phony = any(
            target in prerequisites for targets, prerequisites, _ in self.rules if ".PHONY" in targets
        )
        if not needs and not phony and self.shell.files.get(self.shell.path(target)) is not None:
            return 0  # it is there, and nothing can be newer
        for each in needs:
            status = 0 if each == "|" else self.build(each)
            if status:
                return status
        needs = [n for n in needs if n != "|"]
        local = {
            "@D": posixpath.dirname(target) or ".",
            "@": target,
            "<": needs[0] if needs else "",
            "^": " ".join(needs),
            "*": stem,
        }
        for line in recipe:
            text = self.expand(line, local).lstrip("@-+ ")
            status = self.shell.child().run(text)
            if status and not line.startswith("-"):
                return status
        return 0

    def _rule(self, target: str) -> tuple[list[str], list[str], str] | None:
        needs: list[str] = []
        recipe: list[str] = []
        found = False
        for targets, prerequisites, lines in self.rules:
            if target in targets:
                found, needs, recipe = True, needs + prerequisites, lines or recipe
        if found and recipe:
            return needs, recipe, ""
        for targets, prerequisites, lines in self.rules:
            for pattern in targets:
                match = (
                    re.fullmatch(re.escape(pattern).replace("%", "(.+)"), target) if "%" in pattern else None
                )
                if match:
                    return [*needs, *(p.replace("%", match[1]) for p in prerequisites)], lines, match[1]
        return (needs, recipe, "") if found else None


def run_make(shell: Shell, argv: list[str]) -> int:
    words, given = list(argv[1:]), {}
    targets = []
    place = shell.cwd
    while words:
        word = words.pop(0)
        if word == "-C":
            place = shell.path(words.pop(0))
        elif "=" in word:
            name, _, value = word.partition("=")
            given[name] = value
        elif not word.startswith("-"):
            targets.append(word)
    process = shell.child(cwd=place)
    if not process.files.is_file(f"{place}/Makefile"):
        return shell.say("make: no Makefile")
    file = Makefile(process, process.files.text(f"{place}/Makefile"), given)
    first = next(t for targets_, *_ in file.rules for t in targets_ if not t.startswith("."))
    for target in targets or [first]:
        status = file.build(target)
        if status:
            return status
    return 0


@command("make")
def _make(shell: Shell, argv: list[str]) -> int:
    return 0 if argv[1:] == ["--version"] else run_make(shell, argv)
