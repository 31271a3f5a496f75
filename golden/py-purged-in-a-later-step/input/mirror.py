import subprocess

subprocess.run(["rsync", "-a", "rsync://archive.example.org/pool/", "pool/"], check=True)
