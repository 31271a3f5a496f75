FROM python:3.12 AS builder
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt && playwright install-deps firefox

FROM python:3.12-slim
WORKDIR /app
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
RUN playwright install-deps firefox && rm -rf /var/lib/apt/lists/*
RUN playwright install firefox
COPY titles.py .
CMD ["python", "titles.py"]
