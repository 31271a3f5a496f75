import bottle


def grouped(number):
    return f"{number:,}"


app = bottle.Bottle()


@app.get("/")
def index():
    return grouped(1234567)
