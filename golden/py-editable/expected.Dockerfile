FROM python:3.11 AS builder
COPY . /opt/abacus
RUN pip install -e /opt/abacus

FROM python:3.11-slim
RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY --from=builder /opt/abacus /opt/abacus
WORKDIR /var/empty
EXPOSE 8000
CMD ["python", "-m", "abacus"]
