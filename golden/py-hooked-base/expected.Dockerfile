FROM tiangolo/uvicorn-gunicorn-fastapi:python3.10 AS builder

COPY requirements.txt /tmp/
RUN pip install --no-cache-dir -r /tmp/requirements.txt

FROM tiangolo/uvicorn-gunicorn-fastapi:python3.10-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/*

RUN rm -rf /usr/local/lib/python3.10/site-packages
COPY --from=builder /usr/local/lib/python3.10/site-packages /usr/local/lib/python3.10/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin

COPY prestart.sh /app/
COPY app /app/app
