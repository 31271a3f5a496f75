"""Mentions of programs and packages in sources and settings of the context, where no call was found."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import islice

from slimify.analysis.brought_programs import installed_programs
from slimify.context.ignored_files import ignored_files, unfiltered_text
from slimify.context.scan import Context
from slimify.facts import merged
from slimify.facts.carried import carried
from slimify.facts.debian import named_files
from slimify.facts.images import ImageFacts
from slimify.facts.packages import callers_without_texts, system_package
from slimify.facts.programs import is_common_word
from slimify.facts.system import command_endings, settings_endings
from slimify.facts.toolchains import toolchain
from slimify.languages import languages
from slimify.model.effects import INSTALLS, Effect
from slimify.model.regex import regex
from slimify.model.sources import Use
from slimify.semantics.context_files import ContextView
from slimify.semantics.effects.state import State
from slimify.semantics.paths import PathMarks, join_path, literal_part

_MAX_BYTES = 16_000_000
_MAX_IGNORED = 200  # files
_WORD = regex(r"[\w.-]+")
_QUOTED_WORD = regex(r"""["'`]\s*,\s*["'`]\w*["'`]""")  # behind the first item of a list
_BEFORE_NAME, _BEHIND_NAME = frozenset("\"'`/=:[ \t\n-"), r"""(?=\.jar|["'`,\]\s]|\Z)"""
_LINES_BELOW = regex(r"(.*\n?)(?:\s*\S.*\n?){0,2}")
_Places = Callable[[str], Iterable[int]]
_BARE_WORD = regex(r"[ ]*,[ ]*\w+[ ]*[,\]]")


def mentions_in(context: Context) -> ContextMentions:
    """The mentions in a context, whose texts are read only once."""
    return context.once("mentions", lambda: ContextMentions(context))


def named_packages(
    context: Context, base: ImageFacts | None, said: Sequence[str], *, installs: bool
) -> Mapping[str, Use]:
    """The packages whose files the context names, unless it has files of these names, or a variable or an
    option of what is started does: `said` are lines `NAME=value`. A full base image has them, or what is
    installed on a smaller one may bring them."""
    if base is None or not (base.variant == "full" or installs):
        return {}
    own = {posixpath.basename(path) for path in context.files}
    wanted = {
        package: [name for name in names if name not in own] for package, names in named_files().items()
    }
    mentions = mentions_in(context)
    if mentions.first_use([name for names in wanted.values() for name in names], said) is None:
        return {}  # as a rule: one search of all texts, and no table of packages is loaded
    there = carried(base).packages if base.variant == "full" else wanted
    found = {p: mentions.first_use(names, said) for p, names in wanted.items() if p in there}
    return {package: use for package, use in found.items() if use is not None}


def named_programs(
    state: State,
    base: ImageFacts | None,
    read: Iterable[Use],
    effects: Iterable[Effect],
    *,
    anywhere: bool = True,
    given: Iterable[tuple[str, str]] = (),
) -> Iterator[Use]:
    """The programs that the base image has and its slim variant lacks, or that a step installs by name, and
    that a file of the image names where a command line may begin: what starts programs by names that only run
    time knows may start them. So may variables, with those that the image is `given`. `read` are the paths
    that it reads: these files alone count, and variables, unless names may be `anywhere`. Sources that
    nothing in the image can run are no evidence: a page's `position: ["top"]`."""
    lost = carried(base).commands if base is not None else {}
    facts = {package: system_package(package, base) for package in lost.values()}
    people = {package for package, found in facts.items() if found is not None and found.kind == "fetch"}
    fetching = {name for name, package in lost.items() if package in people}
    places = {join_path(state.cwd, literal_part(use.name)) for use in read} - {state.cwd, "/"}
    opened = PathMarks(place for place in places if place is not None)
    own = tuple(effects)
    names = {*lost, *(program for e in own if e.kind in INSTALLS for program in installed_programs(e))}
    idle = _idle_endings(base, own) if names else ()
    names.update(caller for program in lost for caller in callers_without_texts(program))
    env = {**state.env, **dict(given)}
    certain = fetching if anywhere else None
    uses = mentions_in(state.view.context).command_lines(state.view, env, names, certain, opened)
    yield from (use for use in uses if not use.file.endswith(idle))


def _idle_endings(base: ImageFacts | None, own: Sequence[Effect]) -> tuple[str, ...]:
    """The endings of sources in languages that no step uses and whose interpreters the image lacks."""
    used = {e.ecosystem for e in own} | {p.name for e in own for p in e.packages}
    used |= {*base.commands} if base is not None else set()
    tools = ((known, toolchain(known)) for known in languages() if known.interpreters)
    idle = (
        known
        for known, part in tools
        if used.isdisjoint({known.name, *known.interpreters, *(part.packages if part is not None else ())})
    )
    return tuple(ending for known in idle for ending in known.source_suffixes)


class ContextMentions:
    """Searches the texts of the context. They are read once, and searched once for each pattern: a file is
    classified several times, with the same packages."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._first: dict[str, Use | None] = {}
        self._found: dict[tuple[str, str], tuple[Use, ...]] = {}
        self._naming: dict[frozenset[str], frozenset[str]] = {}

    def first_use(self, names: Collection[str], said: Sequence[str] = ()) -> Use | None:
        """The first place that has one of the names as a string of its own, at the start of a command line in
        a string, at the end of a path, or as the value of a setting; else the first such line of `said`. A
        common word counts only with arguments, with its directory, or where a command is expected."""
        if not names:
            return None
        every = "|".join(map(re.escape, names))
        alone = "|".join(re.escape(name) for name in names if not is_common_word(name)) or "(?!)"
        pattern = (
            rf"""["'`](?:/[\w./+-]*/)?(?:{every})(?:\.jar)?\s+[-{{%$/.&|<>]"""
            rf"""|["'`](?:(?:/[\w./+-]*/)?(?:{alone})|/[\w./+-]*/(?:{every}))(?:\.jar)?["'`]"""
            rf"""|[=:\s]/[\w./+-]*/(?:{every})(?:\.jar)?(?:\s|$)"""
            rf"""|(?m:^[ \t-]*[\w.-]+[ \t]*[:=][ \t]*(?:{alone})[ \t]*$)"""
        )
        common = "|".join(re.escape(name) for name in names if is_common_word(name))
        if common:
            pattern += f"|{_first_words(common)}"
        name = re.compile(rf"(?:{every}){_BEHIND_NAME}")
        use = self._use_with(pattern, names, lambda text: (match.start() for match in name.finditer(text)))
        line = next(filter(re.compile(pattern).search, said), "") if use is None else ""
        return Use(name=line, file=line, line=0) if line else use

    def file_with(self, pattern: str, names: Collection[str] = ("",)) -> str:
        """The first file in whose text a pattern is found, "" if there is none. Each text that matches has
        one of the `names`: finding that is faster."""
        use = self._use_with(pattern, names)
        return use.file if use is not None else ""

    def _use_with(self, pattern: str, names: Collection[str], near: _Places | None = None) -> Use | None:
        if pattern not in self._first:
            likely = ((path, text) for path, text in self._texts if any(name in text for name in names))
            compiled = re.compile(pattern)
            self._first[pattern] = next(
                (u for path, text in likely for u in _matches(compiled, path, text, near)), None
            )
        return self._first[pattern]

    def command_lines(
        self,
        view: ContextView,
        env: Mapping[str, str | None],
        names: Collection[str],
        certain: Collection[str] | None,
        opened: PathMarks,
    ) -> Iterator[Use]:
        """The programs among `names` that a list begins with, or a call or setting of a name like `run`, or a
        string with arguments, and those that are no common words behind `;`, `&&` or `|`, in files of the
        image and in settings that may be mounted; those in `certain` also where any string does. In files
        that are `opened`, also what a line begins with, or a value to which arguments belong. Variables of
        the image name programs, too, alone or as a shell would start them. Where `certain` is None, only
        these two count."""
        if not names:
            return
        words = [name for name in names if not is_common_word(name)]
        groups = (names, words, [name for name in words if name in (certain or ())])
        any_name, plain, sure = ("|".join(map(re.escape, sorted(group))) or "(?!)" for group in groups)
        pattern = re.compile(
            rf"""{_first_words(any_name)}"""
            rf"""|["'`](?P<string>{any_name})[ ]+[-$/.<>|&]"""
            rf"""|(?:;|&&|\|\|?)[ \t]+(?P<next>{plain})(?:[ \t]+[-\w$/.<>"']|[ \t]*(?:["'`\n]|\Z))"""
            rf"""|(?:["'`]|(?m:^[ \t-]*(?:[\w.-]+[ \t]*[:=][ \t]*)?))(?P<sure>{sure})(?:["'`\s]|\Z)"""
            rf"""|(?:["'`\s=:,\[(]|\A)(?P<path>/(?:usr/)?s?bin/(?:{any_name}))(?![\w./-])"""
        )
        lines = re.compile(
            rf"""(?m:^[ \t-]*)(?P<name>{any_name})(?![ \t]*[:=])(?:[\s,;|&]|\Z)"""
            rf"""|(?m:^[ \t-]*[\w.-]+[ \t]*[:=])[ \t]*["']?(?P<value>{any_name})[ ]+[-\w./$]"""
        )
        naming = self._files_naming(frozenset(names)) if certain is not None else frozenset()
        for path, text in self._texts if naming else ():
            if path in naming and (path not in self._context.files or view.image_paths(path)):
                yield from self._uses(pattern, path, text, partial(_places_of, frozenset(names)))
        for path, text in self._opened(view, opened):
            yield from self._uses(lines, path, text)
        for variable, value in env.items():
            for word in filter(None, (text.split(None, 1)[:1] for text in _COMMANDS.split(value or ""))):
                if posixpath.basename(word[0]) in names:
                    yield Use(name=word[0], file=f"{variable}={word[0]}", line=0)

    def _files_naming(self, names: frozenset[str]) -> frozenset[str]:
        """The files in whose text one of the names is a word: finding these is faster than a pattern."""
        if names not in self._naming:
            others = [name for name in names if not _WORD.fullmatch(name)]
            self._naming[names] = frozenset(
                path
                for path, text in self._texts
                if not names.isdisjoint(word.lstrip("-") for word in _WORD.findall(text))
                or any(name in text for name in others)
            )
        return self._naming[names]

    def _uses(
        self, pattern: re.Pattern[str], path: str, text: str, near: _Places | None = None
    ) -> tuple[Use, ...]:
        """The programs that the pattern finds in a text."""
        key = (pattern.pattern, path)
        if key not in self._found:
            self._found[key] = tuple(_matches(pattern, path, text, near))
        return self._found[key]

    def _opened(self, view: ContextView, opened: PathMarks) -> Iterator[tuple[str, str]]:
        """The files of the image that a program opens, if their endings may be those of lists of commands."""
        endings = command_endings()
        listed = (path for path in self._context.files if posixpath.splitext(path)[1][1:] in endings)
        return self._read(
            path for path in listed if any(opened.containing(place) >= 0 for place in view.image_paths(path))
        )

    def _read(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """The files with their texts, within a limit."""
        left = _MAX_BYTES
        for path in paths:
            left -= self._context.files[path]
            if left < 0:
                return
            yield path, self._context.text(path) or ""

    @cached_property
    def _texts(self) -> tuple[tuple[str, str], ...]:
        facts = merged("unread.toml")["texts"]
        elsewhere, read = re.compile(facts["elsewhere"]), {*facts["code"], *settings_endings()}
        paths = (p for p in self._context.files if p.rpartition(".")[2] in read and not elsewhere.search(p))
        texts = self._read(path for path in paths if not _lists_packages(path))
        own = ((path, _without_imports(path, text)) for path, text in texts)
        return (*own, *self._ignored_settings(elsewhere))

    def _ignored_settings(self, elsewhere: re.Pattern[str]) -> Iterator[tuple[str, str]]:
        """Settings that the ignore file excludes: they may be mounted at run time."""
        paths = (p for p in ignored_files(self._context) if p.rpartition(".")[2] in settings_endings())
        for path in islice((p for p in paths if not elsewhere.search(p)), _MAX_IGNORED):
            yield path, unfiltered_text(self._context, path) or ""


_COMMANDS = regex(r"[;&|\n]+")


def _first_words(names: str) -> str:
    """The pattern of names, alternatives themselves, where a command is expected: a list begins with them, or
    a call or setting of a name like `run`."""
    return (
        rf"""(?:(?:(?<![\w\])"'])\[|\{{|(?:run|exec|execute|call|cmd|command|spawn|shell|output)\()\s*"""
        rf"""[rRuUbBfF]?(?P<quote>["'`])(?P<name>{names})(?:(?P=quote)\s*(?:,|[\]}}]\s*\+|\))|[ ]))"""
        rf"""|(?m:^[ \t-]*(?:[\w.-]+[ \t]*:[ \t]*)?\[[ ]*)(?P<item>{names})[ ]*[,\]]"""
        rf"""|(?m:(?:^[ \t-]*|[{{,][ \t]*)["']?\w*(?:run|exec|command|cmd|compiler|script|program)["']?)"""
        rf"""[ \t]*[:=][ \t]*\[?["']?(?P<key>{names})(?:["'\s]|\Z)"""
    )


def _matches(pattern: re.Pattern[str], path: str, text: str, near: _Places | None = None) -> Iterator[Use]:
    """What the pattern finds in a text, or in the lines around the places of names: the program that one of
    its groups holds, else the file."""
    line, counted = 1, 0
    parts = [(0, len(text))] if near is None else _lines_around(near(text), text)
    for match in (match for start, end in parts for match in pattern.finditer(text, start, end)):
        if not _is_word_in_list(match):
            line, counted = line + text.count("\n", counted, match.end()), match.end()
            names = {**match.groupdict(), "quote": None}.values()
            yield Use(name=next(filter(None, names), path), file=path, line=line)


def _places_of(names: frozenset[str], text: str) -> Sequence[int]:
    """Where names stand in a text: as words, without the dashes before them, if they are words."""
    words = ((match.end(), match[0].lstrip("-")) for match in _WORD.finditer(text))
    others = (name for name in names if not _WORD.fullmatch(name))
    places = [end - len(word) for end, word in words if word in names]
    places += (match.start() for name in others for match in re.finditer(re.escape(name), text))
    return sorted(places)


def _lines_around(places: Iterable[int], text: str) -> Iterator[tuple[int, int]]:
    """The parts of a text in which patterns may find the names that are at these places: each line where one
    stands alone, the one above and two below, blank ones not counted. Most texts have few, and a search for
    names is fast."""
    first = last = seen = 0
    for at in places:
        if at < seen or (at and text[at - 1] not in _BEFORE_NAME):
            continue
        above = text.rfind("\n", 0, at) + 1
        while above and text[above - 1].isspace():
            above -= 1
        start = text.rfind("\n", 0, above) + 1
        if start > last:
            yield first, last
            first = start
        lines = _LINES_BELOW.match(text, at)
        seen, last = (lines.end(1), lines.end()) if lines is not None else (len(text), len(text))
    yield first, last


def _is_word_in_list(match: re.Match[str]) -> bool:
    """Whether a program's name is a common word, in a list whose next item is a word, too: no argument."""
    found = match.groupdict()
    quoted = match[0][0] in "[{" and found.get("name")
    name = found.get("item") or quoted
    if not name or not is_common_word(name):
        return False
    behind = _QUOTED_WORD if quoted else _BARE_WORD
    return behind.match(match.string, match.end("name" if quoted else "item")) is not None


def _lists_packages(path: str) -> bool:
    """Whether a path is that of a project file (package.json): `"make"` there is a package or a script."""
    return path.endswith(".json") and path.rpartition("/")[2] in merged("unread.toml")["texts"]["names"]


def _without_imports(path: str, text: str) -> str:
    """The text without imports of quoted package names: in Go, `"time"` is not a program."""
    patterns = (known.quoted_imports for known in languages() if path.endswith(known.source_suffixes))
    return next((re.sub(pattern, "", text) for pattern in patterns if pattern), text)
