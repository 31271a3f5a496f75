import flask

print(open("words.txt").read().strip(), flask.__name__)
