FROM python:3.12-bookworm AS builder

WORKDIR /app

COPY probe.c Makefile ./
RUN make install

FROM python:3.12-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq5 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app

COPY probe.c Makefile ./
COPY --from=builder /app/probe /app/probe
COPY --from=builder /usr/local/bin/probe /usr/local/bin/probe

COPY app.py .

CMD ["python", "app.py"]
