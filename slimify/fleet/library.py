"""The public function `scan`: scans many repositories, like `slimify scan`."""

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
    """Yields the rows of `slimify scan --format json` as they are completed.

    `paths` are directories, URLs of Git repositories, and files that list these. `timeout` is in seconds per
    Dockerfile. With `verify`, images of rewritable Dockerfiles are built and compared, `builds` Dockerfiles
    at a time. Raises SlimifyError for a missing path, or with `verify` if no container engine is found.

    Worker processes are spawned: a calling script needs `if __name__ == "__main__":`.
    """
    from slimify.fleet.scan import ScanOptions, scan_all

    asked = ScanOptions(settings=settings, timeout=timeout, jobs=processes)
    if verify:
        from slimify.app.prove import ProofOptions
        from slimify.fleet.builds import ScanBuilds

        asked = replace(asked, builds=ScanBuilds(proving=ProofOptions(), number=builds))
    for rows in scan_all(paths, asked):
        yield from rows
