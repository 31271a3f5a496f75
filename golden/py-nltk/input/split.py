import sys

from nltk.tokenize import sent_tokenize

for sentence in sent_tokenize(sys.argv[1]):
    print(sentence)
