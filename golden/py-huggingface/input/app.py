from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

app = FastAPI()
model = SentenceTransformer("all-MiniLM-L6-v2")


@app.get("/")
def embed(text: str) -> list[float]:
    return model.encode(text).tolist()
