FROM python:3.11 AS builder
WORKDIR /worker
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

FROM python:3.11-slim
WORKDIR /worker
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY tasks.py .
ENV CELERY_BROKER_URL=memory://
CMD ["celery", "-A", "tasks", "worker", "--pool=solo", "--loglevel=info"]
