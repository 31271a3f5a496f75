"""For programs that use slimify: a whole fleet, as `slimify scan` reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace


def scan(
    paths: Iterable[str],
    *,
    processes: int | None = None,
    timeout: int = 300,
    verify: bool = False,
    builds: int = 1,
    **settings: object,
) -> Iterator[dict[str, Any]]:
    """The rows of `slimify scan --format json` for directories, addresses of git repositories and files that
    list them, as they are done. `timeout`: seconds for one Dockerfile. With `verify` what can be rewritten
    is built and compared, `builds` Dockerfiles at a time. Raises SlimifyError for a path that is not there,
    and where there is nothing to build with.

    Processes are spawned: a script that calls this needs `if __name__ == "__main__":`.
    """
    from slimify.fleet.scan import ScanOptions, scan_all

    asked = ScanOptions(settings=settings, timeout=timeout, jobs=processes)
    if verify:
        from slimify.app.prove import ProofOptions
        from slimify.fleet.proving import ScanBuilds

        asked = replace(asked, builds=ScanBuilds(proving=ProofOptions(), number=builds))
    for rows in scan_all(paths, asked):
        yield from rows
