FROM python:3.12 AS builder
WORKDIR /app
RUN pip install flask

FROM python:3.12-slim
WORKDIR /app
COPY . .
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
CMD ["python", "app.py"]
