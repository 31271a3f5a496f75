import sys

import bottle

app = bottle.Bottle()


@app.get("/")
def prefix():
    return sys.prefix
