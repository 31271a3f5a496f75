FROM python:3.11 AS builder

ENV PYTHONDONTWRITEBYTECODE 1
ENV PYTHONUNBUFFERED 1
ENV DJANGO_SETTINGS_MODULE garden.settings

RUN apt-get update && apt-get install -y --no-install-recommends build-essential gettext

WORKDIR /code
COPY requirements.txt /code/
RUN pip install -r requirements.txt

FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE 1
ENV PYTHONUNBUFFERED 1
ENV DJANGO_SETTINGS_MODULE garden.settings

RUN apt-get update && apt-get install -y --no-install-recommends gettext adduser \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /code
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY . /code/

RUN SECRET_KEY=build python manage.py collectstatic --noinput

RUN adduser --disabled-password --gecos "" gardener && chown -R gardener:gardener /code
USER gardener

EXPOSE 8000
ENTRYPOINT ["/code/docker/entrypoint.sh"]
CMD ["gunicorn", "garden.wsgi", "-b", ":8000", "--workers", "1"]
