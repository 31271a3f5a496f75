FROM python:3.11-slim AS builder

RUN apt-get update && apt-get install -y gcc make libc6-dev && rm -rf /var/lib/apt/lists/*

COPY third_party/wordcount-1.0.tar.gz /tmp/
RUN echo "201e238ccda89cb3f427f06f063d42be56a8be31f06686548f0fda0efab90738  /tmp/wordcount-1.0.tar.gz" | sha256sum -c - \
    && tar -xzf /tmp/wordcount-1.0.tar.gz -C /tmp \
    && make -C /tmp/wordcount-1.0 install \
    && rm -rf /tmp/wordcount-1.0 /tmp/wordcount-1.0.tar.gz

FROM python:3.11-slim

COPY --from=builder /usr/local /usr/local

COPY text.txt count.py /opt/
CMD ["python", "/opt/count.py"]
