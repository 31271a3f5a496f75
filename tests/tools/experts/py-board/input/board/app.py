import sqlite3
from pathlib import Path

from fastapi import FastAPI, Form, Request
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

HERE = Path(__file__).parent
app = FastAPI()
app.mount("/static", StaticFiles(directory=HERE / "static"))
templates = Jinja2Templates(directory=HERE / "templates")


@app.get("/")
def index(request: Request):
    count = sqlite3.connect("data/board.db").execute("select count(*) from posts").fetchone()[0]
    return templates.TemplateResponse(request, "index.html", {"count": count})


@app.post("/")
def post(request: Request, text: str = Form()):
    with sqlite3.connect("data/board.db") as db:
        db.execute("insert into posts values (?)", (text,))
    return templates.TemplateResponse(request, "thanks.html")


@app.get("/health")
def health():
    return {"ok": True}
