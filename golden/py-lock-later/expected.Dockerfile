FROM python:3.11 AS builder

RUN pip install poetry==1.8.3 && poetry config virtualenvs.create false

WORKDIR /app
COPY pyproject.toml ./
RUN poetry install --no-interaction --no-root

COPY . .
RUN poetry install --no-interaction \
    && pip uninstall -y \
        poetry poetry-core poetry-plugin-export cleo dulwich rapidfuzz keyring \
        secretstorage cryptography cffi virtualenv distlib pbs-installer \
        trove-classifiers zstandard

FROM python:3.11-slim

RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin

WORKDIR /app

COPY . .

CMD ["python", "-m", "shop"]
