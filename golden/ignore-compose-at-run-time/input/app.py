import subprocess

subprocess.run(["docker-compose", "up"], check=True)
