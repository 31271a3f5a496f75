FROM python:3.11-slim
RUN apt-get update && apt-get install -y python3 python3-pip && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.txt .
RUN apt-get update && apt-get install -y python3-dev gcc \
    && pip3 install --no-cache-dir -r requirements.txt \
    && apt-get purge -y --auto-remove python3-dev gcc \
    && rm -rf /var/lib/apt/lists/*
COPY . .
CMD ["./run.sh"]
