FROM python:3.12 AS builder

COPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/

WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen

COPY . .
RUN .venv/bin/pytest \
    && uv sync --frozen --no-dev

FROM python:3.12-slim

WORKDIR /app
COPY --from=builder /app/.venv /app/.venv

COPY . .

EXPOSE 8000
CMD ["/app/.venv/bin/python", "tide.py", "--port", "8000"]
