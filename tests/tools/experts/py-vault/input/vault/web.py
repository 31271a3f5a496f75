import importlib
import os

import bcrypt
import yaml

with open(os.environ["VAULT_CONFIG"]) as file:
    config = yaml.safe_load(file)
plugins = [importlib.import_module(f"vault.plugins.{name}") for name in config["plugins"]]


def app(environ, start_response):
    right = bcrypt.checkpw(b"secret", bcrypt.hashpw(b"secret", bcrypt.gensalt(config["rounds"])))
    start_response("200 OK", [("content-type", "text/plain")])
    return [f"{plugin.NAME}: {right}\n".encode() for plugin in plugins]
