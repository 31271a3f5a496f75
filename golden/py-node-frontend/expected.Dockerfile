FROM python:3.11 AS builder

RUN apt-get update && apt-get install -y nodejs npm

WORKDIR /app

COPY requirements.txt .
RUN pip install -r requirements.txt

COPY frontend/package.json frontend/
RUN cd frontend && npm install

COPY frontend frontend
RUN cd frontend && npm run build
RUN rm -rf /app/frontend/node_modules

FROM python:3.11-slim

WORKDIR /app

RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin

COPY --from=builder /app/frontend /app/frontend

COPY app.py .

EXPOSE 8000
CMD ["python", "app.py"]
