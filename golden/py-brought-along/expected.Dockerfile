FROM python:3.11-slim AS builder
RUN apt-get update && apt-get install -y build-essential libyaml-dev
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --no-binary PyYAML -r requirements.txt

FROM python:3.11-slim
RUN apt-get update && apt-get install -y xz-utils libyaml-0-2 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY herd.py herd.yaml ./
CMD ["python", "herd.py"]
