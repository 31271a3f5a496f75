FROM python:3.12 AS builder

WORKDIR /app
RUN pip install --no-cache-dir uv

COPY pyproject.toml uv.lock ./
COPY packages/shared packages/shared
COPY packages/web packages/web
RUN uv sync --frozen --no-dev --package web

FROM python:3.12-slim

WORKDIR /app
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin

COPY pyproject.toml uv.lock ./
COPY packages/shared packages/shared
COPY packages/web packages/web
COPY --from=builder /app/.venv /app/.venv

WORKDIR /app/packages/web
EXPOSE 8000
CMD ["uv", "run", "--no-sync", "python", "-m", "web"]
