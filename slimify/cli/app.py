"""The command line: the only code that prints (through `console`) or exits.

Start-up time matters (pre-commit hooks, editors), so a command is imported and built when it is called, and
its dependencies are imported when it runs."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from slimify.cli import console

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
}


class _LazyCommand(TyperCommand):
    """A command that is built when it is called: building all would slow down `--version` and `--help`."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **more: Any) -> Any:
        return command(str(self.name)).make_context(info_name, args, *rest, **more)


def command(name: str) -> TyperCommand:
    """The command with its options."""
    alone = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    function = getattr(import_module(f"slimify.cli.commands.{name}"), name)
    alone.command()(import_module("slimify.cli.options").expand_groups(function))
    built = typer.main.get_command(alone)
    assert isinstance(built, TyperCommand)
    return built


def _version(wanted: bool) -> None:
    if wanted:
        console.show_version()
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
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")
    ] = False,
) -> None:
    pass


for _name, _help in COMMANDS.items():
    app.command(_name, cls=_LazyCommand, help=_help)(lambda: None)


def main() -> None:
    """The entry point of the `slimify` command."""
    with console.failing_output():
        app(prog_name="slimify")
