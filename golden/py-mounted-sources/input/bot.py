import subprocess
subprocess.run(["git","pull"])
subprocess.run(["gcc","x.c"])
