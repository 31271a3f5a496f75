import subprocess

import yaml

with open("herd.yaml") as file:
    herd = yaml.load(file, Loader=yaml.CSafeLoader)
subprocess.run(["xz", "--keep", "herd.yaml"], check=True)
print(", ".join(herd["cows"]))
