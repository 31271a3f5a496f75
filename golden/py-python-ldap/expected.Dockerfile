FROM python:3.11 AS builder
RUN apt-get update && apt-get install -y libldap2-dev libsasl2-dev gcc
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt

FROM python:3.11-slim
RUN apt-get update && apt-get install -y libldap2 libsasl2-2 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY dn.py .
CMD ["python", "dn.py"]
