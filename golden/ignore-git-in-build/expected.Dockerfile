FROM python:3.12 AS builder
WORKDIR /app
COPY . .
RUN pip install flask && git describe --always > VERSION

FROM python:3.12-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
RUN git describe --always > VERSION
CMD ["python", "app.py"]
