FROM python:3.11-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --target=/app/vendor -r requirements.txt

FROM gcr.io/distroless/python3-debian12
WORKDIR /app
COPY --from=build /app/vendor vendor
COPY feed.py sources.json ./
ENV PYTHONPATH=/app/vendor PYTHONUNBUFFERED=1
ENTRYPOINT ["python3", "/app/feed.py"]
