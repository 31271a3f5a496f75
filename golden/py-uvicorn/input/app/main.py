from fastapi import FastAPI

app = FastAPI()


@app.get("/sum")
def total(a: int, b: int) -> dict[str, int]:
    return {"sum": a + b}
