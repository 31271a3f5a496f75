"""Tells the tide."""

import bottle
import click


@bottle.route("/")
def index():
    return "high tide"


@click.command()
@click.option("--port", type=int, default=80)
def main(port):
    bottle.run(host="0.0.0.0", port=port)


main()
