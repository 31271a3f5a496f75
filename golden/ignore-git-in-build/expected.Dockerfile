FROM python:3.12 AS builder
WORKDIR /app
COPY . .
RUN pip install flask && git describe --always > VERSION

FROM python:3.12-slim
WORKDIR /app
COPY . .
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY --from=builder /app/VERSION /app/VERSION
CMD ["python", "app.py"]
