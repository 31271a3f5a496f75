"""Build arguments that files of the repository give other values than those that a program was read with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from slimify.analysis.classify import classify
from slimify.analysis.program import Program
from slimify.analysis.whole_last_stage import whole_program
from slimify.config import Options
from slimify.model.dockerfile import Dockerfile
from slimify.syntax.dockerfile.instructions import arg_names, from_parts
from slimify.syntax.dockerfile.words import references


def other_programs(program: Program, file: Dockerfile, text: str, options: Options) -> Iterator[Program]:
    """The program with the arguments that the text of its new file has to hold for as well. `file` is the
    user's."""
    for values in _other_arguments(program, text):
        other = replace(options, build_args={**options.build_args, **values})
        old, evidence = file if program.parent else program.dockerfile, program.image_evidence
        found = classify(old, program.context, program.name, other, evidence)
        yield whole_program(found, other, evidence) if program.parent else found


def _other_arguments(program: Program, text: str) -> Iterator[Mapping[str, str]]:
    """The arguments, one at a time. A value that only a build knows stands for any. It counts where new lines
    contain the one that the program was read with, and for a part of a path that has no value at all. Which
    bases are chosen is a question of its own."""
    instructions = program.dockerfile.instructions
    defaults: dict[str, str] = {}
    for name, value in (pair for x in instructions if x.keyword == "ARG" for pair in arg_names(x)):
        defaults[name] = value or defaults.get(name, "")
    chosen = {n for x in instructions if x.keyword == "FROM" for n in references(from_parts(x).image)}
    old = set(program.dockerfile.text.splitlines())
    new = "\n".join(line for line in text.splitlines() if line not in old)
    for name, default in defaults.items():
        value = program.build_args.get(name, default)
        written = value in new if value else _is_part_of_path(name, program.dockerfile.text)
        for other in program.given_args.get(name, () if value else (None,)):
            if other is not None and other != value and (written or name not in chosen):
                yield {name: other}
            elif other is None and written and name not in chosen:
                yield {name: f"any-{name.lower()}"}


def _is_part_of_path(name: str, text: str) -> bool:
    name = re.escape(name)  # what no shell takes is a name for BuildKit
    return re.search(rf"/\$(?:{name}\b|\{{{name}\}})|\$(?:{name}|\{{{name}\}})/", text) is not None
