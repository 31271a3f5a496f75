"""`python -m slimify`."""

from slimify.cli import main

main()
