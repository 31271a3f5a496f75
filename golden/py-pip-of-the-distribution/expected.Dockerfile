FROM python:3.11 AS builder
RUN apt-get update && apt-get install -y python3-dev python3-pip build-essential libpq-dev
WORKDIR /app
COPY requirements.txt .
RUN pip3 install -r requirements.txt

FROM python:3.11-slim
RUN apt-get update && apt-get install -y libpq5 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY . .
CMD ["python3","main.py"]
