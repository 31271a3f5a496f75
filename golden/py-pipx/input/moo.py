import subprocess

import click

click.echo("calling")
subprocess.run(["cowsay", "-t", "moo"], check=True)
