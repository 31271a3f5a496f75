FROM python:3.11-slim AS base
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

FROM base AS dev
RUN pip install pytest

FROM base AS prod
COPY . .
CMD ["python", "app.py"]
