FROM python:3.6.6-jessie AS builder
WORKDIR /usr/src/app
COPY requirements.txt /usr/src/app/
RUN pip install --no-cache-dir -r requirements.txt

FROM python:3.6.6-slim-jessie
WORKDIR /usr/src/app
COPY --from=builder /usr/local/lib/python3.6/site-packages /usr/local/lib/python3.6/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY . /usr/src/app

CMD ["python", "./ferry.py"]
