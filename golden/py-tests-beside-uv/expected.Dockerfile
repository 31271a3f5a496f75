FROM python:3.12 AS builder
WORKDIR /app
RUN pip install uv
COPY requirements.txt .
RUN uv venv && uv pip install -r requirements.txt

FROM python:3.12-slim
WORKDIR /app
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY --from=builder /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH
COPY . .
CMD ["pytest"]
