import json
from importlib.resources import files

import click


@click.command()
@click.argument("name")
def main(name):
    hours = json.loads(files("sundial").joinpath("data/hours.json").read_text())
    click.echo(f"{name} is {hours[name]}")
