import sys

import spacy

for entity in spacy.load("en_core_web_sm")(sys.argv[1]).ents:
    print(entity.text, entity.label_)
