FROM python:3.11 AS builder
WORKDIR /srv
COPY requirements.txt .
RUN pip install --user -r requirements.txt

FROM python:3.11-slim
WORKDIR /srv
COPY --from=builder /root/.local /root/.local
COPY . .
RUN chmod +x serve.sh
EXPOSE 8000
ENTRYPOINT ["/srv/serve.sh"]
