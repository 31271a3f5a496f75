FROM python:3.12 AS builder

COPY --from=ghcr.io/astral-sh/uv:latest /uv /uvx /bin/

WORKDIR /app
COPY pyproject.toml uv.lock README.md ./
RUN uv sync --frozen --no-dev --no-install-project

COPY src src
RUN uv sync --frozen --no-dev

FROM python:3.12-slim

WORKDIR /app
COPY pyproject.toml uv.lock README.md ./
COPY --from=builder /app/.venv /app/.venv

COPY src src

ENV PATH="/app/.venv/bin:$PATH"
EXPOSE 8000
CMD ["tide", "--port", "8000"]
