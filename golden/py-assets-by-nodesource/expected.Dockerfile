FROM python:3.11-bookworm AS builder
RUN curl -fsSL https://deb.nodesource.com/setup_18.x | bash - && apt-get install -y nodejs
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
RUN cd frontend && npm ci && npm run build
RUN rm -rf /app/frontend/node_modules

FROM python:3.11-slim-bookworm
WORKDIR /app
COPY --from=builder /app /app
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
ENV FLASK_APP=app
EXPOSE 5000
CMD flask run --host=0.0.0.0
