FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
WORKDIR /srv/app
COPY requirements.txt .
RUN apt-get update && apt-get install -y gcc libc6-dev libpq-dev libpq5 && pip install --no-cache-dir -r requirements.txt && apt-get purge -y --auto-remove gcc libc6-dev libpq-dev
COPY . /srv/app
RUN apt-get purge -y --auto-remove gcc libc6-dev && rm -rf /var/lib/apt/lists/*
CMD ["python", "app.py"]
