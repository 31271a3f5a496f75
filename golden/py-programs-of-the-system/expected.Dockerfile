FROM python:3.11 AS builder
WORKDIR /srv/tide
COPY requirements.txt .
RUN pip install -r requirements.txt

FROM python:3.11-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends perl python3 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/tide
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY . .
CMD ["./bin/serve"]
