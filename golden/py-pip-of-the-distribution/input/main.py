import flask, psycopg2
