FROM python:3.12 AS builder
WORKDIR /srv/jobs
COPY . .
RUN pip install --no-cache-dir -r requirements.txt

FROM python:3.12-slim
WORKDIR /srv/jobs
RUN apt-get update && apt-get install -y docker-compose && rm -rf /var/lib/apt/lists/*
COPY . .
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
CMD ["python", "app.py"]
