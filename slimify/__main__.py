"""The entry point of the `slimify` command and of `python -m slimify`."""

import gc


def main() -> None:
    """Runs the command line. What a start makes stays, so that looking for garbage in it is a tenth of
    its time for nothing: that is done a hundred times less often."""
    gc.set_threshold(70_000, 10, 10)
    from slimify.cli import app

    app.main()


if __name__ == "__main__":
    main()
