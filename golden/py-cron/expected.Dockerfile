FROM python:3.11 AS builder

WORKDIR /opt/tidy
COPY requirements.txt tidy.py start.sh ./
RUN pip install -r requirements.txt

FROM python:3.11-slim

RUN apt-get update && apt-get -y install cron vim && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/tidy
COPY requirements.txt tidy.py start.sh ./
RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin

COPY crontab /etc/cron.d/tidy
RUN chmod 0644 /etc/cron.d/tidy && crontab /etc/cron.d/tidy && touch /var/log/tidy.log

CMD ["sh", "start.sh"]
