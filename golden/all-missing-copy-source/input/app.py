import bottle

MODEL = open("/app/model.bin", "rb").read()


@bottle.route("/")
def index():
    return str(len(MODEL))


bottle.run(host="0.0.0.0", port=8000)
