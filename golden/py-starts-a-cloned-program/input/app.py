import subprocess, flask
subprocess.run(["/usr/local/bin/python", "/opt/scanner/scanner.py", "--update"])
