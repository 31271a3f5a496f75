import yaml

with open("herd.yaml") as file:
    herd = yaml.load(file, Loader=yaml.CSafeLoader)
print(", ".join(herd["cows"]))
