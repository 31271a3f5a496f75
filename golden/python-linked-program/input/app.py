import subprocess

subprocess.run(["probe"], check=True)
