import bottle
import magic


@bottle.route("/")
def kind():
    return magic.from_file("/app/pixel.png")


bottle.run(host="0.0.0.0", port=8000)
