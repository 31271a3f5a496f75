FROM python:3.11 AS builder

WORKDIR /app

COPY requirements/ requirements/
RUN pip install -r requirements/production.txt -r requirements/dev.txt

COPY . .
RUN python -m pytest -q tests \
    && pip uninstall -y pytest

FROM python:3.11-slim

WORKDIR /app

RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin

COPY . .

EXPOSE 8000
CMD ["waitress-serve", "--port=8000", "numbers_app:app"]
