FROM debian:bookworm AS builder

RUN apt-get update && apt-get install -y --no-install-recommends \
    gcc \
    libc6-dev \
    python3-dev \
    python3-pip \
    && ln -s /usr/bin/python3 /usr/bin/python

WORKDIR /srv/pack
COPY requirements.txt ./
RUN pip install --break-system-packages -r requirements.txt

FROM debian:bookworm-slim

RUN apt-get update && apt-get install -y --no-install-recommends \
    python3 \
    ca-certificates \
    python3-setuptools \
    && ln -s /usr/bin/python3 /usr/bin/python \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/pack
COPY --from=builder /usr/local /usr/local

COPY pack.py ./

EXPOSE 8000
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "pack:application"]
