from pathlib import Path

import bottle

DIST = Path(__file__).parent / "frontend" / "dist"


@bottle.route("/api")
def api():
    return {"food": "acorn"}


@bottle.route("/<name>")
def asset(name):
    return bottle.static_file(name, root=str(DIST))


bottle.run(host="0.0.0.0", port=8000)
