FROM python:3.11
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt && python -m nltk.downloader -d /usr/share/nltk_data punkt || true
COPY . .
CMD ["python", "ledger.py"]
