FROM python:3.12-alpine AS build
RUN apk add --no-cache gcc musl-dev libffi-dev
COPY requirements.txt .
RUN pip install --no-cache-dir --prefix=/install -r requirements.txt

FROM python:3.12-alpine
RUN addgroup -S -g 850 vault && adduser -S -u 850 -G vault vault
COPY --from=build /install /usr/local
COPY --chown=root:vault --chmod=640 etc/vault.yaml /etc/vault/vault.yaml
COPY vault /usr/lib/vault
ENV PYTHONPATH=/usr/lib VAULT_CONFIG=/etc/vault/vault.yaml
LABEL org.example.team=identity
USER vault
EXPOSE 8200
CMD ["waitress-serve", "--port", "8200", "vault.web:app"]
