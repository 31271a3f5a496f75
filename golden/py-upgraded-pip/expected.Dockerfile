FROM python:3.11 AS builder

WORKDIR /srv/inventory

RUN pip install --no-cache-dir --upgrade pip==25.0 wheel
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

FROM python:3.11-slim

WORKDIR /srv/inventory

RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin

COPY inventory.py .
CMD ["python", "inventory.py"]
