FROM python:3.12 AS builder
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt

FROM python:3.12-slim
WORKDIR /app
COPY . .
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
ENTRYPOINT ["python"]
CMD ["app.py"]
