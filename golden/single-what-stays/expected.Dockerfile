FROM python:3.12-slim-bookworm
RUN apt-get update && apt-get install -y libmagic1 git && rm -rf /var/lib/apt/lists/*
RUN useradd --no-create-home keeper

WORKDIR /srv/shelf
ADD https://example.org/signs.tar.gz /tmp/signs.tar.gz
RUN mkdir /usr/share/signs && tar -xzf /tmp/signs.tar.gz -C /usr/share/signs

COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
RUN mkdir -p data && chown -R keeper:keeper /srv/shelf/data

USER keeper
CMD ["python", "shelf.py"]
