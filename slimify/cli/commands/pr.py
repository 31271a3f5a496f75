"""`slimify pr`: requests for review on GitHub, GitLab or Gitea."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import Struct

import slimify
from slimify import ForgeKind, Per
from slimify.cli import console
from slimify.cli.exit_codes import DIFFERENT, DONE, REFUSED, exit_code, finish, show_error, worst
from slimify.cli.options import (
    ContextOption,
    ExcludeOption,
    Given,
    MaybeProving,
    TableFormat,
    TableFormatOption,
    proof_options,
    settings_options,
)

if TYPE_CHECKING:
    from slimify import Published, PublishOptions


class RequestFlags(Struct, frozen=True, kw_only=True):
    """What the requests look like, and where they are opened."""

    per: Annotated[
        Per | None,
        typer.Option(
            "--per", help="Open one request per image, or one per repository.", show_default="image"
        ),
    ] = None
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", metavar="N", min=1, help="Largest number of open requests.", show_default="5"
        ),
    ] = None
    into: Annotated[
        str | None,
        typer.Option("--into", metavar="BRANCH", help="Target branch.", show_default="the default branch"),
    ] = None
    remote: Annotated[str, typer.Option("--remote", metavar="NAME", help="Git remote.")] = "origin"
    forge: Annotated[
        ForgeKind | None,
        typer.Option(
            "--forge", help="Forge that hosts the repository.", show_default="derived from the remote"
        ),
    ] = None
    api_url: Annotated[
        str | None, typer.Option("--api-url", metavar="URL", help="API of a self-hosted forge.")
    ] = None
    fork: Annotated[
        bool, typer.Option("--fork", help="Push to your fork and open the request from there.")
    ] = False
    draft: Annotated[bool | None, typer.Option("--draft/--no-draft", help="Open requests as drafts.")] = None
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="NAME", help="Label to set; repeatable.")
    ] = None
    reviewer: Annotated[
        list[str] | None,
        typer.Option(
            "--reviewer", metavar="NAME", help="Person to ask for review, or a team as org/team; repeatable."
        ),
    ] = None
    sign_off: Annotated[
        bool | None, typer.Option("--sign-off/--no-sign-off", help="Add a Signed-off-by line to commits.")
    ] = None
    again: Annotated[
        bool, typer.Option("--again", help="Open a new request where somebody closed the last one.")
    ] = False

    @property
    def settings(self) -> dict[str, Any]:
        """The values of given options, by setting. Names may start with @, which is removed."""
        values = {
            "per": self.per,
            "limit": self.limit,
            "base": self.into,
            "forge": self.forge,
            "api_url": self.api_url,
            "draft": self.draft,
            "sign_off": self.sign_off,
            "labels": self.label,
            "reviewers": self.reviewer,
        }
        return {
            name: tuple(item.removeprefix("@") for item in value) if isinstance(value, list) else value
            for name, value in values.items()
            if value is not None and value != []
        }


def pr(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH]...", help="Dockerfiles, or directories to search.")
    ] = None,
    *,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show the branch, diff, description and API requests; send nothing."),
    ] = False,
    request: RequestFlags,
    format: TableFormatOption = "text",
    context: ContextOption = None,
    exclude: ExcludeOption = None,
    given: Annotated[
        Given,
        settings_options("base min_saving build_args builder cache_mounts nonroot debug_target dockerignore"),
    ],
    proving: Annotated[
        MaybeProving,
        proof_options(
            "repair probe run engine",
            "Build both images; offer the rewrite only if they are equal.",
            by_default=True,
        ),
    ],
) -> None:
    """Open a pull or merge request with the rewrite.

    Starts from the newest commit of the target branch; your working tree is not touched.
    """
    if "-" in (paths or ()):
        raise typer.BadParameter("a request needs files of a repository, not standard input")

    def job() -> int:
        wanted = slimify.PublishOptions(
            paths=tuple(paths or ("Dockerfile",)),
            exclude=tuple(exclude or ()),
            context=context,
            settings=given,
            requests=request.settings,
            remote=request.remote,
            fork=request.fork,
            again=request.again,
            dry=dry_run,
            proving=proving,
            listeners=console.listeners,
        )
        return _open_all(wanted, format)

    finish(job)


def _open_all(wanted: PublishOptions, format: TableFormat) -> int:
    """Opens the requests and shows each; returns the worst exit code."""
    codes = []
    try:
        for item in slimify.open_requests(wanted):
            console.show_published(item, format, dry=wanted.dry)
            codes.append(_exit_code(item))
    except slimify.SlimifyError as error:
        codes.append(show_error("slimify pr", error))
    return worst(codes)


def _exit_code(item: Published) -> int:
    codes = [DONE]
    for _, outcome, proof in item.results:
        unequal = proof is not None and outcome.error is None and proof.verdict != "equal"
        codes.append(
            (DIFFERENT if proof and proof.verdict == "different" else REFUSED)
            if unequal
            else exit_code(outcome)
        )
    if item.error is not None:
        codes.append(exit_code(slimify.failed(item.offer.branch, item.error)))
    if item.is_protected:
        codes.append(REFUSED)
    return worst(codes)
