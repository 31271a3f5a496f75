from pathlib import Path


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/javascript")])
    return [Path("static/htmx.min.js").read_bytes()]
