"""The entry point of the `slimify` command and of `python -m slimify`."""

import gc
import sys


def main() -> None:
    """Runs the command line. What a start makes stays, so that looking for garbage in it is a tenth of
    its time for nothing: that is done a thousand times less often, and never at the end."""
    gc.set_threshold(700_000, 10, 10)
    try:
        if sys.argv[1:] in (["--version"], ["-V"]):
            _version()  # without typer, which takes longer to import than all the rest
        else:
            from slimify.cli import app

            app.main()
    finally:
        gc.freeze()


def _version() -> None:
    from slimify.cli import terminal

    with terminal.failing_output():
        terminal.show_version()


if __name__ == "__main__":
    main()
