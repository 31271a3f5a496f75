FROM node:20 AS pages
WORKDIR /web
COPY web/ ./
RUN npm install && node build.js

FROM python:3.12-bookworm
RUN apt-get update && apt-get install -y libmagic1 && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home app
WORKDIR /srv
COPY --chown=app:app requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY --from=pages --chown=app:app /web/dist ./static
COPY --chown=app:app serve.py ./
RUN chown app:app /srv
USER app
EXPOSE 8000
CMD ["python", "serve.py"]
