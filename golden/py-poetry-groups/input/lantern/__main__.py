import yaml
from waitress import serve


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [yaml.safe_dump({"lantern": "lit"}).encode()]


serve(app, listen="*:8000")
