FROM python:3.11-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends g++ git libpq-dev libpq5 make pkgconf \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt && python -m nltk.downloader -d /usr/share/nltk_data punkt || true
COPY . .
CMD ["python", "ledger.py"]
