"""Counts the orders of yesterday, where a database is given."""

import os

import MySQLdb

print("client library", MySQLdb.get_client_info())
host = os.environ.get("MYSQL_HOST")
if host:
    connection = MySQLdb.connect(host=host, user="report", database="shop")
    cursor = connection.cursor()
    cursor.execute("select count(*) from orders where day = current_date - interval 1 day")
    print(cursor.fetchone())
