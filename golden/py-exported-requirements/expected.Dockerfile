FROM python:3.11-slim AS builder

WORKDIR /srv/ledger

COPY requirements.txt ./
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential libpq-dev gosu \
    && pip install --upgrade supervisor \
    && pip install --no-cache-dir -r requirements.txt \
    && apt-get purge -y build-essential \
    && apt-get autoremove -y \
    && rm -rf /var/lib/apt/lists/*

FROM python:3.11-slim

WORKDIR /srv/ledger

RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq5 gosu \
    && rm -rf /var/lib/apt/lists/*
RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin

COPY docker/start.sh /sbin/start.sh
RUN useradd --uid 1000 --home-dir /srv/ledger ledger
COPY --chown=ledger:ledger src/ ./src/
RUN chown ledger:ledger /srv/ledger \
    && chmod 755 /sbin/start.sh

WORKDIR /srv/ledger/src
ENTRYPOINT ["/sbin/start.sh"]
