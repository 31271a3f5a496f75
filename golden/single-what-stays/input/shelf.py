import subprocess

import magic

print(magic.from_file("/usr/share/signs/one"))
subprocess.run(["git", "log", "-1"], cwd="/srv/shelf/data", check=False)
