FROM python:3.12 AS builder
ADD https://astral.sh/uv/install.sh /uv-installer.sh
RUN sh /uv-installer.sh && rm /uv-installer.sh
ENV PATH="/root/.local/bin/:$PATH"
WORKDIR /app
COPY . .
RUN uv sync --frozen

FROM python:3.12-slim
COPY --from=builder /root/.local/bin /root/.local/bin
ENV PATH="/root/.local/bin/:$PATH"
WORKDIR /app
COPY . .
COPY --from=builder /app/.venv /app/.venv
CMD ["uv", "run", "--no-sync", "app.py"]
