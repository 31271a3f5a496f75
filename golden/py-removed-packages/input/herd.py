import importlib.metadata

import yaml

with open("herd.yaml") as file:
    herd = yaml.safe_load(file)
print(", ".join(herd["cows"]), "with setuptools", importlib.metadata.version("setuptools"))
