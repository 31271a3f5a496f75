import flask
import psycopg2
