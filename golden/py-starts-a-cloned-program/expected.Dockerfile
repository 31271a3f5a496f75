FROM python:3.11-slim AS builder
RUN apt-get update && apt-get install -y git make build-essential && rm -rf /var/lib/apt/lists/*
RUN git clone --depth 1 https://github.com/acme/scanner /opt/scanner
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

FROM python:3.11-slim
RUN apt-get update && apt-get install -y git make && rm -rf /var/lib/apt/lists/*
COPY --from=builder /opt/scanner /opt/scanner
WORKDIR /app
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY . .
CMD ["python", "app.py"]
