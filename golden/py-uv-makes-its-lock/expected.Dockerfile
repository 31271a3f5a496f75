FROM python:3.12 AS builder
COPY --from=ghcr.io/astral-sh/uv:latest /uv /uvx /bin/
WORKDIR /srv/dice
COPY . .
RUN uv sync

FROM python:3.12-slim
COPY --from=ghcr.io/astral-sh/uv:latest /uv /uvx /bin/
WORKDIR /srv/dice
COPY . .
COPY --from=builder /srv/dice/.venv /srv/dice/.venv
COPY --from=builder /srv/dice/uv.lock /srv/dice/uv.lock
CMD ["uv", "run", "dice.py"]
