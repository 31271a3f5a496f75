FROM debian:latest AS builder

RUN apt-get update && apt-get install -y python3 python3-pip python3-dev gcc

WORKDIR /srv/board
COPY requirements.txt .
RUN pip3 install --break-system-packages -r requirements.txt

FROM debian:latest

RUN apt-get update && apt-get install -y python3 ca-certificates python3-setuptools \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/board
COPY --from=builder /usr/local /usr/local

COPY board.py .

EXPOSE 8000
CMD ["gunicorn", "--bind=0.0.0.0:8000", "board:app"]
