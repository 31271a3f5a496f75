FROM python:3.11 AS builder
WORKDIR /code
RUN pip install uwsgi==2.0.28

FROM python:3.11-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libexpat1 libxml2 libyaml-0-2 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /code
RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY wsgi.py uwsgi.ini ./
EXPOSE 8080
CMD ["uwsgi", "--ini", "uwsgi.ini"]
