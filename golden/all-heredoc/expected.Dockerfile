# syntax=docker/dockerfile:1
FROM python:3.11 AS builder

RUN <<EOT
set -e
apt-get update
apt-get install -y --no-install-recommends gcc
rm -rf /var/lib/apt/lists/*
EOT

WORKDIR /app

COPY <<requirements.txt <<settings.ini /app/
tomli-w==1.1.0
requirements.txt
[job]
retries = 3
settings.ini

RUN pip install -r requirements.txt

FROM python:3.11-slim

WORKDIR /app

COPY <<requirements.txt <<settings.ini /app/
tomli-w==1.1.0
requirements.txt
[job]
retries = 3
settings.ini

RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin

RUN cat > stamp.txt <<'EOT'
built by heredoc
EOT

COPY <<'EOT' /app/job.py
from configparser import ConfigParser
from pathlib import Path

import tomli_w

config = ConfigParser()
config.read("/app/settings.ini")
assert tomli_w.dumps({"a": 1}) == "a = 1\n"
print(f"config: {config['job']['retries']} retries,", Path("/app/stamp.txt").read_text().strip())
EOT

CMD ["python", "job.py"]
