FROM python:3.12-slim AS builder
WORKDIR /app
RUN useradd -m -u 1000 appuser
COPY requirements.txt .
RUN python -m venv /app/venv && /app/venv/bin/pip install --no-cache-dir -r requirements.txt
COPY . .
RUN chown -R appuser:appuser /app

FROM python:3.12-slim
WORKDIR /app
RUN useradd -m -u 1000 appuser
COPY --from=builder /app /app
RUN chown appuser:appuser /app
USER appuser
CMD ["/app/venv/bin/python", "main.py"]
