FROM python:3.11-slim AS base
RUN apt-get update && apt-get install -y libpq5 && rm -rf /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y --no-install-recommends gosu && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY app.py ./

FROM base AS test
RUN python -m unittest

FROM base
CMD ["gosu", "nobody", "python", "app.py"]
