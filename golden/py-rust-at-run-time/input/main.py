import flask
import subprocess
subprocess.run(["cargo","build"])
