FROM python:3.11 AS builder
WORKDIR /app
RUN pip install poetry
RUN poetry config virtualenvs.create false --local
COPY pyproject.toml poetry.lock ./
RUN poetry install --no-root \
    && pip uninstall -y poetry

FROM python:3.11-slim
WORKDIR /app
RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY shop .
RUN python manage.py collectstatic --noinput
CMD ["gunicorn", "shop.wsgi"]
