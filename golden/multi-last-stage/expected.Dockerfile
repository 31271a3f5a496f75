FROM node:20 AS pages
WORKDIR /web
COPY web/ ./
RUN npm install && node build.js

FROM python:3.12-bookworm AS builder
WORKDIR /srv
COPY requirements.txt ./
RUN pip install -r requirements.txt

FROM python:3.12-slim-bookworm
RUN apt-get update && apt-get install -y libmagic1 && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home app
WORKDIR /srv
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY --from=pages --chown=app:app /web/dist ./static
COPY --chown=app:app serve.py ./
RUN chown app:app /srv
USER app
EXPOSE 8000
CMD ["python", "serve.py"]
