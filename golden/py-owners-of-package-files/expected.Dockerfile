FROM python:3.11-slim AS builder
RUN apt-get update && apt-get install -y nginx gcc && rm -rf /var/lib/apt/lists/*
RUN useradd -m app
COPY . /home/app/source
RUN chown -R app:app /home/app/source /var/log/nginx /var/lib/nginx
WORKDIR /home/app/source
RUN pip install --no-cache-dir -r requirements.txt

FROM python:3.11-slim
RUN apt-get update && apt-get install -y nginx && rm -rf /var/lib/apt/lists/*
RUN useradd -m app
COPY . /home/app/source
RUN chown -R app:app /home/app/source /var/log/nginx /var/lib/nginx
WORKDIR /home/app/source
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
USER app
CMD ["sh", "-c", "nginx && python app.py"]
