FROM python:3.11 AS builder

COPY libsum-1.0.tar.gz .
RUN tar xzf libsum-1.0.tar.gz && cd libsum-1.0 && ./configure && make && make install && ldconfig

FROM python:3.11-slim

COPY libsum-1.0.tar.gz .
COPY --from=builder /usr/local /usr/local
RUN ldconfig

WORKDIR /srv/sums
COPY serve.py .

CMD ["python", "serve.py"]
