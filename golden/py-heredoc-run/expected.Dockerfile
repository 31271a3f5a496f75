FROM python:3.11 AS builder

RUN <<EOF
set -e
apt-get update
# the binding is compiled
apt-get install -y --no-install-recommends \
    gcc \
    libpq-dev
rm -rf /var/lib/apt/lists/*
useradd --create-home clerk
EOF

WORKDIR /srv/register
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt

FROM python:3.11-slim

RUN <<EOF
set -e
apt-get update
# the binding is compiled
apt-get install -y --no-install-recommends \
    libpq5
rm -rf /var/lib/apt/lists/*
useradd --create-home clerk
EOF

WORKDIR /srv/register
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY register.py ./
COPY --chmod=755 <<EOF /usr/local/bin/register
#!/bin/sh
exec python /srv/register/register.py "\$@"
EOF

USER clerk
CMD ["register", "open"]
