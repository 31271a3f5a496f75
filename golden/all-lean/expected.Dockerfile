FROM python:3.11 AS builder

RUN apt-get update && apt-get install -y vim htop postgresql-client gcc

WORKDIR /srv/stock
COPY requirements.txt .
RUN pip install -r requirements.txt

FROM python:3.11-slim

RUN apt-get update && apt-get install --no-install-recommends -y postgresql-client \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/stock
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin

COPY stock.py .

EXPOSE 8000
CMD ["gunicorn", "--bind=0.0.0.0:8000", "stock:app"]
