FROM python:3.11 AS builder
WORKDIR /app
COPY . .
RUN pip install -r requirements-dev.txt
RUN flake8 roman.py && pytest -q \
    && pip uninstall -y flake8 pytest

FROM python:3.11-slim
WORKDIR /app
COPY . .
RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
EXPOSE 8000
CMD ["waitress-serve", "--port=8000", "roman:app"]
