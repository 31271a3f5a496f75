import yaml

print(yaml.safe_load('depth: 3'))
