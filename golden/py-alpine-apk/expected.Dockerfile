FROM alpine:3.18 AS builder

# lxml has no wheel for every platform this is built for
RUN apk add --no-cache \
    build-base \
    libxslt-dev \
    py3-pip \
    python3 \
    python3-dev \
    tzdata

WORKDIR /srv/feeds
COPY requirements.txt ./
RUN pip3 install --no-binary lxml -r requirements.txt

FROM alpine:3.18

# lxml has no wheel for every platform this is built for
RUN apk add --no-cache \
    libstdc++ \
    libxslt \
    ca-certificates \
    python3 \
    tzdata

WORKDIR /srv/feeds
COPY --from=builder /usr/lib/python3.11/site-packages /usr/lib/python3.11/site-packages
COPY --from=builder /usr/bin/gunicorn /usr/bin/gunicorn

COPY feeds.py ./

EXPOSE 8000
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "feeds:application"]
