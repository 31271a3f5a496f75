"""The command line: the only code that prints (through `console`) or exits.

Start-up time matters (pre-commit hooks, editors), so a command is imported and built when it is called, and
its dependencies are imported when it runs."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from slimify.cli import terminal

# Commands and their help, which is the first line of their docstrings.
COMMANDS = {
    "rewrite": "Print the multi-stage Dockerfile.",
    "explain": "Show what each step is for.",
    "verify": "Build and run both images, and compare them.",
    "check": "Fail where an image could be smaller.",
    "scan": "Show what many repositories could save.",
    "analyze": "Show why an image is big.",
    "config": "Show the settings in force, and where each comes from.",
    "ci": "Print the CI step that builds the image and caches its layers.",
    "pr": "Open a pull or merge request with the rewrite.",
    "merge": "Merge two Dockerfiles into one multi-stage file.",
    "lsp": "Serve an editor over standard input and output.",
}


class _LazyCommand(TyperCommand):
    """A command that is built when it is called: building all would slow down `--version` and `--help`."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **more: Any) -> Any:
        return command(str(self.name)).make_context(info_name, args, *rest, **more)


def command(name: str) -> TyperCommand:
    """The command with its options."""
    alone = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    function = getattr(import_module(f"slimify.cli.commands.{name}"), name)
    alone.command()(_with_output_options(import_module("slimify.cli.options").expand_groups(function)))
    built = typer.main.get_command(alone)
    assert isinstance(built, TyperCommand)
    return built


# Options of every command, which may be in front of it as well.
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show every decision.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")]
ColorOption = Annotated[
    Literal["auto", "always", "never"] | None,
    typer.Option("--color", help="Use colors.", show_default="auto: on a terminal"),
]
_OUTPUT = {"verbose": (VerboseOption, False), "quiet": (QuietOption, False), "color": (ColorOption, None)}


def _with_output_options(run: Callable[..., None]) -> Callable[..., None]:
    """The function of a command with the options of every command."""
    own = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in _OUTPUT.items()
    ]

    def called(*, verbose: bool, quiet: bool, color: terminal.Color | None, **values: Any) -> None:
        before = terminal.output
        terminal.configure(
            terminal.Output(
                verbose=verbose or before.verbose, quiet=quiet or before.quiet, color=color or before.color
            )
        )
        run(**values)

    called.__doc__ = run.__doc__
    called.__dict__["__signature__"] = Signature([*signature(run).parameters.values(), *own])
    return called


def _version(wanted: bool) -> None:
    if wanted:
        terminal.show_version()
        raise typer.Exit


app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turns a single-stage Dockerfile into a multi-stage one that does the same job in a smaller image.",
)


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", "-V", is_eager=True, callback=_version, help="Print the version.")
    ] = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
    color: ColorOption = None,
) -> None:
    terminal.configure(terminal.Output(verbose=verbose, quiet=quiet, color=color or "auto"))


for _name, _help in COMMANDS.items():
    app.command(_name, cls=_LazyCommand, help=_help)(lambda: None)


def main() -> None:
    """The entry point of the `slimify` command."""
    with terminal.failing_output():
        app(prog_name="slimify")
