import subprocess
import tempfile

import bottle


@bottle.route("/")
def mirror():
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["git", "init", folder], capture_output=True, text=True, check=True)
    return done.stdout.replace(folder, "FOLDER")


bottle.run(host="0.0.0.0", port=8000)
