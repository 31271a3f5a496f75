FROM python:3.12 AS builder
RUN curl -LsSf https://astral.sh/uv/install.sh | sh
ENV PATH="/root/.local/bin:$PATH"
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev

FROM python:3.12-slim
COPY --from=builder /root/.local/bin /root/.local/bin
ENV PATH="/root/.local/bin:$PATH"
WORKDIR /app
COPY --from=builder /app/.venv /app/.venv
COPY . .
CMD ["uv", "run", "--no-sync", "app.py"]
