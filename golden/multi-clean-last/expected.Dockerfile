FROM debian:bookworm-slim AS words
RUN apt-get update && apt-get install -y gzip
RUN echo cleaned > /words.txt

FROM python:3.12-slim-bookworm
WORKDIR /srv
RUN apt-get update && apt-get install -y libmagic1 && rm -rf /var/lib/apt/lists/*
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY --from=words /words.txt ./
COPY show.py ./
CMD ["python", "show.py"]
