"""Everything that shows who uses the system packages of an image."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.graph.graph import AtomKey
from slimify.analysis.packages.context_mentions import ContextMentions
from slimify.analysis.packages.program_calls import build_tools, commands
from slimify.analysis.program import RuntimeNeeds
from slimify.facts import merged
from slimify.facts.carried import installed
from slimify.facts.debian import PackageFacts, debian_command, has_one_counterpart, library_package
from slimify.facts.images import ImageFacts
from slimify.facts.packages import starts, system_package
from slimify.facts.programs import reads_only_arguments, used_instead
from slimify.facts.toolchains import library_parts, own_programs
from slimify.languages import has_own_certificates, language
from slimify.model.decisions import Reason
from slimify.model.effects import Effect, SystemManager
from slimify.model.sources import Use
from slimify.semantics.walk import Visit
from slimify.syntax.dockerfile.instructions import env_pairs

if TYPE_CHECKING:
    from slimify.analysis.evidence.image_evidence import BuiltImage


class PackageUsage(Struct, frozen=True, dict=True, kw_only=True):
    """Everything that shows who uses a package.

    `application` is the language of the application. `keep` are the packages named in the settings.
    `final_stage_tools` are the programs that steps of the final stage call, `final_stage_installs` the
    installs of a language among these steps. `mentions` searches the texts of the context. `unknown_programs`
    states why not all programs that run time starts are known. `links_nothing`: no build output is linked
    with a library. `bases` are the places where other Dockerfiles start from the image. `evidence` is an
    image built from the file. `drop_unused`: what is known to be used by nothing goes.
    """

    visits: Sequence[Visit]
    needs: RuntimeNeeds
    base: ImageFacts | None
    application: str | None
    keep: Collection[str]
    mentions: ContextMentions
    unknown_programs: Reason | None
    links_nothing: bool
    bases: tuple[Use, ...]
    evidence: BuiltImage | None
    drop_unused: bool = False
    final_stage_tools: Mapping[str, Use] = MappingProxyType({})
    final_stage_installs: Mapping[AtomKey, tuple[Use, frozenset[str]]] = MappingProxyType({})

    @cached_property
    def effects(self) -> Sequence[tuple[AtomKey, Effect]]:
        """The effects of all commands, each with its command."""
        return tuple((key, effect) for key, _, effect in commands(self.visits))

    @cached_property
    def tools(self) -> Mapping[str, Use]:
        """The programs that build steps call."""
        return build_tools(self.visits)

    @cached_property
    def called_programs(self) -> Collection[str]:
        """The programs that run time calls, and the programs of runtime packages."""
        names = {p.name for _, e in self.effects if e.kind == "packages" for p in e.packages if p.name}
        brought = (f.commands for f in map(self.facts, names) if f is not None and f.kind == "run")
        return {*self.needs.commands, *(command for commands in brought for command in commands)}

    @cached_property
    def own_programs(self) -> frozenset[str]:
        """The programs of the base image that come before those of the distribution."""
        return own_programs(self.base, self.needs.commands) if self.base is not None else frozenset()

    @cached_property
    def fetched_program(self) -> str:
        """A program that run time starts and a step downloads, if nobody knows what it starts itself: it may
        be a script. "" if there is none."""
        fetched = (place for _, e in self.effects if e.kind == "fetch" for place in (*e.writes, *e.outputs))
        names = {name for name in map(posixpath.basename, fetched) if name in self.needs.commands}
        return min((n for n in names if not (starts(n) or reads_only_arguments(n))), default="")

    @cached_property
    def removals(self) -> Sequence[tuple[AtomKey, Effect]]:
        """The commands that remove packages."""
        return tuple((key, e) for key, e in self.effects if e.kind == "unpackage")

    @cached_property
    def unnamed_needs(self) -> Mapping[str, Use]:
        """The packages that run time or the final stage needs, and that only come along with others."""
        named = {p.name for _, e in self.effects if e.kind == "packages" for p in e.packages}
        wanted = dict(self.needs.system_packages)
        if self.evidence is not None:
            from slimify.analysis.evidence.base_image import base_packages

            there = base_packages(self.evidence)
        elif self.base is None or self.base.manager != SystemManager.APT:
            return {}
        else:
            there, suite = installed(self.base, nearest=True), self.base.suite
            if self.needs.sources.may_use_tls and not has_own_certificates(self.base.language):
                wanted.setdefault("ca-certificates", Use(name="a TLS connection", file="", line=0))
            for part in library_parts(language(self.application), self.base, named):
                wanted.setdefault(part, Use(name="the standard library", file="", line=0))
            programs = {**self.needs.commands, **self.final_stage_tools}
            own = own_programs(self.base, programs)
            found = ((debian_command(c, suite), use) for c, use in programs.items() if c not in own)
            libraries = ((library_package(n, suite), use) for n, use in self.needs.libraries.items())
            wanted = {**{name: use for name, use in (*found, *libraries) if name}, **wanted}
        return {name: use for name, use in wanted.items() if name not in named | there}

    @cached_property
    def programs_of_variables(self) -> frozenset[str]:
        """The programs that variables of the image may stand for: `CHROME_BIN=/usr/bin/chromium`."""
        settings = (v.instruction for v in self.visits if v.instruction.keyword == "ENV")
        pairs = [pair for instruction in settings for pair in env_pairs(instruction)]
        named = frozenset(value.strip("\"'").rpartition("/")[2] for name, value in pairs if name != "PATH")
        return named.union(*(used_instead(name) for name, _ in pairs))

    @cached_property
    def has_other_releases(self) -> bool:
        """Whether a PPA may replace packages of the distribution by other releases. Those that are known for
        what they offer do not."""
        sources = merged("package-sources.toml")
        added = (w.text for _, e in self.effects if e.kind == "source" for w in e.command.words)
        unknown = (text for text in added if not any(word in text for word in sources["offered"]))
        return any(mark in text for text in unknown for mark in sources["replacing"]["marks"])

    def facts(self, name: str) -> PackageFacts | None:
        """Facts about a package in the distribution of the base image."""
        found = system_package(name, self.base)
        if found is not None and found.counterparts and self.has_other_releases:
            return found if has_one_counterpart(name) else replace(found, counterparts=None)
        return found
