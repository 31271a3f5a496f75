import time

import bottle


@bottle.route("/")
def now():
    return time.strftime("%H:%M")


bottle.run(host="0.0.0.0", port=8000)
