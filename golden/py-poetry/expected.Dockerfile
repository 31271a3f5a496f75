FROM python:3.11 AS builder

ENV POETRY_VERSION=1.8.5 \
    POETRY_VIRTUALENVS_CREATE=false

RUN pip install "poetry==$POETRY_VERSION"

WORKDIR /app
COPY pyproject.toml poetry.lock* ./
RUN poetry install --no-interaction --no-root --only main \
    && pip uninstall -y poetry

FROM python:3.11-slim

ENV POETRY_VERSION=1.8.5 \
    POETRY_VIRTUALENVS_CREATE=false

RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin

WORKDIR /app

COPY lantern lantern
EXPOSE 8000
CMD ["uvicorn", "lantern.main:app", "--host", "0.0.0.0"]
