import ctypes

import click

ctypes.CDLL("libglib-2.0.so.0")
click.echo("ding")
