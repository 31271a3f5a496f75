"""The options shared by several commands.

An option is the annotation of a parameter (`context: ContextOption`), or part of a group. The parameter of a
group receives one value built from all its options:

    given: Annotated[Given, settings_options("base min_saving")]

A frozen struct is a group too, whose options are its fields (`output: OutputFlags`): options of one command.

Type, default and help of a setting come from its field in `slimify.Options`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_args, get_type_hints

import typer
from msgspec import Struct
from msgspec.structs import fields

import slimify
from slimify.cli import console, terminal
from slimify.cli.exit_codes import exit_code

if TYPE_CHECKING:
    from slimify import Image, Job, MinSaving, Outcome, Proof, ProofOptions, Source

Format = Literal["diff", "text", "json"]
TableFormat = Literal["text", "json"]
EngineChoice = Literal["buildx", "docker", "podman", "buildah"]

# --- single options -------------------------------------------------------------------------------

PathsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH]...", help="Dockerfiles, Compose or bake files, directories to search, or - for stdin."
    ),
]
PathArgument = Annotated[
    str | None, typer.Argument(metavar="PATH", help="A Dockerfile, or a directory to search.")
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="GLOB",
        help="Files and directories that a search skips, as in .gitignore; repeatable.",
    ),
]


file_option = partial(typer.Option, metavar="FILE", dir_okay=False)


def html_option(about: str) -> Any:
    """The option for a page that is written at the end: its directory has to exist."""
    return file_option("--html", help=about, callback=_in_directory)


def _in_directory(path: Path | None) -> Path | None:
    if path is not None and not path.resolve().parent.is_dir():
        raise typer.BadParameter(f"{path.parent} is not a directory", param_hint="--html")
    return path


TableFormatOption = Annotated[TableFormat, typer.Option("--format", help="Format of standard output.")]
ContextOption = Annotated[
    Path | None,
    typer.Option(
        "--context",
        metavar="DIR",
        exists=True,
        file_okay=False,
        help="Build context.",
        show_default="the directory of the Dockerfile",
    ),
]
NoCacheOption = Annotated[
    bool,
    typer.Option("--no-cache", help="Read everything again, even if nothing changed since the last run."),
]
ImageOption = Annotated[
    str | None,
    typer.Option(
        "--image", metavar="IMAGE", help="Image built from the Dockerfile, used as evidence of its content."
    ),
]


def read_built_image(name: str | None, todo: list[Job]) -> Image | None:
    """The image of `--image`. Ends the command if it can't be read."""
    if name is None:
        return None
    if len(todo) > 1:
        raise typer.BadParameter(f"--image takes one Dockerfile, not {len(todo)}")
    if name == "-" and any(target.name == "-" for target, _ in todo):
        raise typer.BadParameter("the image and the Dockerfile can't both be standard input")
    with console.show_status(f"reading {name} …"):
        found = slimify.read_image(name)
    if not isinstance(found, slimify.Outcome):
        return found
    console.show_failure(found)
    raise typer.Exit(exit_code(found))


# --- groups of options ----------------------------------------------------------------------------


class Group(Struct, frozen=True):
    """A group of options, and the function that builds one value from theirs, passed by name."""

    options: tuple[Parameter, ...]
    value: Callable[..., object]


def expand_groups(command: Callable[..., None]) -> Callable[..., None]:
    """A command with each group replaced by its options, as typer requires."""
    parameters: list[Parameter] = []
    groups: dict[str, Group] = {}
    for parameter in signature(command, eval_str=True).parameters.values():
        group = _group(parameter.annotation)
        if group is None:
            parameters.append(parameter.replace(kind=Parameter.KEYWORD_ONLY))
        else:
            groups[parameter.name] = group
            parameters += group.options

    def run(**values: Any) -> None:
        built = {
            name: group.value(**{option.name: values.pop(option.name) for option in group.options})
            for name, group in groups.items()
        }
        command(**values, **built)

    run.__doc__ = command.__doc__
    run.__dict__["__signature__"] = Signature(parameters)
    return run


def _group(annotation: Any) -> Group | None:
    """The group that a parameter is annotated with, if any."""
    if not (isinstance(annotation, type) and issubclass(annotation, Struct)):
        return next((item for item in get_args(annotation) if isinstance(item, Group)), None)
    hints = get_type_hints(annotation, include_extras=True)
    options = (
        Parameter(item.name, Parameter.KEYWORD_ONLY, default=item.default, annotation=hints[item.name])
        for item in fields(annotation)
    )
    return Group(tuple(options), annotation)


def _option(name: str, kind: Any, default: object, *flags: str, **about: Any) -> Parameter:
    return Parameter(
        name, Parameter.KEYWORD_ONLY, default=typer.Option(default, *flags, **about), annotation=kind
    )


Given: TypeAlias = dict[str, object]  # values of given options, by field of Options


def settings_options(*names: str) -> Group:
    """A group for settings, named by their fields in `slimify.Options` and separated by spaces, and for the
    settings files to read. Its value is `Given`."""
    hints, defaults = get_type_hints(slimify.Options, include_extras=True), slimify.Options()
    settings = " ".join(names).split()
    options = (_setting(name, hints[name], getattr(defaults, name)) for name in settings)
    return Group((*options, *_SETTINGS_FILES), _given)


_SETTINGS_FILES = (
    _option(
        "config",
        Path | None,
        None,
        "--config",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Settings file of yours to read in place of the repository's.",
    ),
    _option("isolated", bool, False, "--isolated", help="Do not read the settings file of the repository."),
)


def _setting(name: str, hint: Any, default: object) -> Parameter:
    """The option of a setting. Its default is None, so that the settings file applies if it is not given."""
    kind, meta = get_args(hint)
    flag, about = f"--{name.replace('_', '-')}", {"help": meta.description}
    if name == "build_args":
        return _option(name, list[str] | None, None, "--build-arg", metavar="NAME=VALUE", **about)
    if name == "min_saving":
        about |= {"metavar": "SAVING", "parser": _min_saving, "show_default": slimify.MinSaving().text}
    elif kind is bool:
        flag, about["show_default"] = f"{flag}/--no-{flag[2:]}", flag[2:] if default else None
    else:
        about["show_default"] = default
    return _option(name, kind | None, None, flag, **about)


def _min_saving(text: str) -> MinSaving:
    try:
        return slimify.parse_min_saving(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _given(
    *,
    build_args: list[str] | None = None,
    config: Path | None = None,
    isolated: bool = False,
    **values: object,
) -> Given:
    if isolated and config is not None:
        raise typer.BadParameter("--config and --isolated can't be combined")
    given = {name: value for name, value in values.items() if value is not None}
    if isolated or config is not None:
        given["settings"] = str(config) if config is not None else ""
    return {**given, "build_args": dict(_build_args(build_args))} if build_args else given


def _build_args(items: list[str]) -> Iterator[tuple[str, str]]:
    """Build arguments. As for docker build, a name without a value takes its value from the environment."""
    for item in items:
        name, equals, value = item.partition("=")
        if equals:
            yield name, value
        elif name in os.environ:
            yield name, os.environ[name]


_PROOF: Mapping[str, Parameter] = {
    option.name: option
    for option in (
        _option(
            "repair",
            bool,
            False,
            "--repair",
            help="Plan again with what was missing, until both images are equal.",
        ),
        _option(
            "probe",
            list[str] | None,
            None,
            "--probe",
            metavar="WHAT",
            help="What to ask: /path, /path=404, or a command to run in the container; repeatable.",
        ),
        _option("run", bool, True, "--run/--no-run", help="Start both images and compare their behaviour."),
        _option(
            "engine",
            EngineChoice | None,
            None,
            "--engine",
            help="Container engine to build and run with.",
            show_default="the first that answers",
        ),
    )
}


# Strings, since `expand_groups` evaluates annotations and not every command needs the module of ProofOptions.
Proving: TypeAlias = "ProofOptions"
MaybeProving: TypeAlias = "ProofOptions | None"


def proof_options(names: str, verify: str = "", *, by_default: bool = False) -> Group:
    """A group for verification, with names separated by spaces. Its value is `ProofOptions`.

    `verify` is the help of `--verify`: if that option is not given, the value is None and the other options
    are rejected. "": the group has no `--verify`. `by_default`: images are built unless `--no-verify` is
    given, but without `--verify` nothing fails because they can't be."""
    switch = _option("verify", bool, False, "--verify", help=verify)
    if by_default:
        shown = "where a container engine answers"
        switch = _option("verify", bool | None, None, "--verify/--no-verify", help=verify, show_default=shown)
    asked = (switch,) if verify else ()
    return Group((*asked, *(_PROOF[name] for name in names.split())), _proof_options)


def _proof_options(
    *,
    verify: bool | None = True,
    repair: bool = False,
    probe: list[str] | None = None,
    run: bool = True,
    engine: EngineChoice | None = None,
) -> ProofOptions | None:
    if verify is not False:
        return slimify.ProofOptions(
            engine=engine, probes=tuple(probe or ()), repair=repair, run=run, best_effort=verify is None
        )
    flags = {"--repair": repair, "--probe": probe, "--no-run": not run, "--engine": engine}
    given = [flag for flag, value in flags.items() if value]
    if given:
        raise typer.BadParameter(f"{' and '.join(given)} {'needs' if len(given) == 1 else 'need'} --verify")
    return None


class NewFileFlags(Struct, frozen=True, kw_only=True):
    """Where the new Dockerfile goes, and how it is shown."""

    write: Annotated[bool, typer.Option("--write", "-w", help="Write the new file in place.")] = False
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write the new file to FILE; - for standard output."
        ),
    ] = None
    format: Annotated[
        Format | None, typer.Option("--format", help="Format of standard output.", show_default="diff")
    ] = None

    @property
    def is_written(self) -> bool:
        return self.write or self.output is not None

    @property
    def done_as(self) -> str:
        """The word for a rewrite."""
        return "rewritten" if self.is_written else "would be rewritten"

    def store(self, outcome: Outcome, source: Source, proof: Proof | None) -> Outcome:
        """Writes the new file where asked, or withholds it if the images differ; returns the outcome."""
        if not _proven(proof):
            return slimify.withheld(outcome)
        if self.output == "-":
            terminal.write_stdout_bytes(slimify.new_content(outcome, source) or b"")
        elif self.is_written:
            path = Path(self.output) if self.output is not None else None
            return slimify.write_file(outcome, source, path)
        return outcome

    def show(self, outcome: Outcome, proof: Proof | None) -> None:
        # after writing, the diff is only for those who ask for it
        shown = self.format or ("none" if self.is_written else "diff")
        form = shown if _proven(proof) or shown == "json" else "none"
        done = self._written(outcome) if _proven(proof) else ()
        console.show_rewrite(outcome, form, proof, done_as=self.done_as, written=done)

    def _written(self, outcome: Outcome) -> tuple[str, ...]:
        """The files that were written."""
        if self.output is not None:
            return (self.output,) if self.output != "-" and outcome.kind in ("rewritten", "unchanged") else ()
        if not self.write or outcome.kind != "rewritten":
            return ()
        return (outcome.file, *((outcome.ignore.path,) if outcome.ignore is not None else ()))


def _proven(proof: Proof | None) -> bool:
    return proof is None or proof.verdict == "equal"
