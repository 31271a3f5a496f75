#!/usr/bin/env python
import os

import click


@click.command()
@click.option("--debug/--no-debug")
def almanac(debug):
    data = os.environ["ALMANAC_DATA"]
    assert os.path.exists(f"{data}/january.txt")
    print(f"edition {os.environ['ALMANAC_EDITION']} in {data}, debug {'on' if debug else 'off'}")


almanac()
