FROM python:3.11-slim

RUN apt-get update && apt-get install -y rsync && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/mirror
COPY . .

CMD ["python", "mirror.py"]
