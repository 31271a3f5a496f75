FROM python:3.11 AS builder

ENV POETRY_VIRTUALENVS_IN_PROJECT=true
RUN pip install poetry==1.8.5

WORKDIR /app
COPY pyproject.toml poetry.lock ./
RUN poetry install --no-interaction --no-root --only main

FROM python:3.11-slim

ENV POETRY_VIRTUALENVS_IN_PROJECT=true

WORKDIR /app
COPY --from=builder /app/.venv /app/.venv

COPY lantern lantern
EXPOSE 8000
CMD ["/app/.venv/bin/python", "-m", "lantern"]
