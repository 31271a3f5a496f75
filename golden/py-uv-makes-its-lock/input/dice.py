import random

import click


@click.command()
@click.option("--sides", default=6)
def roll(sides: int) -> None:
    click.echo(random.randint(1, sides))


roll()
