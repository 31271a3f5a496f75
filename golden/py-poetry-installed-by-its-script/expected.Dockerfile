FROM python:3.12 AS builder
RUN apt-get update && apt-get install -y libpq-dev
RUN curl -sSL https://install.python-poetry.org | python3 -
ENV PATH="/root/.local/bin:$PATH"
WORKDIR /app
COPY pyproject.toml poetry.lock ./
RUN poetry config virtualenvs.create false && poetry install --no-root --only main

FROM python:3.12-slim
RUN apt-get update && apt-get install -y libpq5 && rm -rf /var/lib/apt/lists/*
COPY --from=builder /root/.local/share/pypoetry /root/.local/share/pypoetry
COPY --from=builder /root/.local/bin /root/.local/bin
ENV PATH="/root/.local/bin:$PATH"
WORKDIR /app
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
RUN poetry config virtualenvs.create false
COPY . .
CMD ["poetry", "run", "python", "app.py"]
