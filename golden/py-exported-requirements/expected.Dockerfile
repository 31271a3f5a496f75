FROM python:3.11-slim

WORKDIR /srv/ledger

RUN useradd --uid 1000 --home-dir /srv/ledger ledger
COPY --chown=ledger:ledger requirements.txt ./
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential libpq-dev libpq5 gosu \
    && pip install --no-cache-dir --upgrade supervisor \
    && pip install --no-cache-dir -r requirements.txt \
    && apt-get purge -y build-essential libpq-dev \
    && apt-get autoremove -y \
    && rm -rf /var/lib/apt/lists/*

COPY docker/start.sh /sbin/start.sh
COPY --chown=ledger:ledger src/ ./src/
RUN chown ledger:ledger /srv/ledger \
    && chmod 755 /sbin/start.sh

WORKDIR /srv/ledger/src
ENTRYPOINT ["/sbin/start.sh"]
