FROM python:3.11 AS builder
RUN apt-get update && apt-get install -y gcc gcc gcc gcc libpq-dev curl libpq-dev curl && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/people
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt

FROM python:3.11-slim
RUN apt-get update && apt-get install -y libpq5 curl curl && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/people
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY people.py ./
ENV FLASK_APP=people.py
CMD ["flask", "run", "--host=0.0.0.0"]
