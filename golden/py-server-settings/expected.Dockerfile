FROM python:3.11 AS builder

RUN apt-get update && apt-get install -y --no-install-recommends nginx supervisor && rm -rf /var/lib/apt/lists/*
RUN rm /etc/nginx/sites-enabled/default
RUN echo "daemon off;" >> /etc/nginx/nginx.conf
COPY site.conf /etc/nginx/conf.d/

WORKDIR /srv/app
COPY requirements.txt ./
RUN pip install -r requirements.txt

FROM python:3.11-slim

RUN apt-get update && apt-get install -y --no-install-recommends nginx supervisor && rm -rf /var/lib/apt/lists/*
RUN rm /etc/nginx/sites-enabled/default
RUN echo "daemon off;" >> /etc/nginx/nginx.conf
COPY site.conf /etc/nginx/conf.d/

WORKDIR /srv/app
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY app ./

COPY supervisor.conf /etc/supervisor/conf.d/site.conf
CMD ["supervisord", "-n", "-c", "/etc/supervisor/supervisord.conf"]
