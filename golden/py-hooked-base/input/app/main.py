import httpx
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def prices() -> dict[str, int]:
    return httpx.get("http://catalogue:8080/prices").json()
