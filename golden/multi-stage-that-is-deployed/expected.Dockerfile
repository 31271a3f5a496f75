FROM python:3.12 AS full
WORKDIR /app
COPY requirements.txt .
RUN apt-get update && apt-get install -y gcc && pip install -r requirements.txt
COPY . .
CMD ["python", "main.py"]

FROM python:3.12-slim AS prod
WORKDIR /app
COPY --from=full /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=full /usr/local/bin /usr/local/bin
COPY . .
CMD ["python", "main.py"]

FROM full AS dev
RUN pip install pytest
CMD ["pytest"]
