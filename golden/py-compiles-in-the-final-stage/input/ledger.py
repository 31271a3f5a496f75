import nltk
import psycopg2

print(nltk.word_tokenize("one two"), psycopg2.__version__)
