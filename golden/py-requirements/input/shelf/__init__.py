"""A shelf of books."""

from flask import Flask, render_template

app = Flask(__name__)
BOOKS = ["Emma", "Middlemarch", "Kim"]


@app.get("/")
def books() -> str:
    return render_template("books.html", books=BOOKS)
