import os

with open("collected/in.css") as file:
    print(file.read())
with open(os.path.expanduser("~/.cache/words/en.txt")) as file:
    print(file.read())
