ARG PYTHON=3.11
FROM registry.example/hub/python:${PYTHON} AS builder

RUN apt-get update && apt-get install -y gcc libpq-dev

WORKDIR /srv/orders
COPY requirements.txt ./
RUN python -m venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"
RUN pip install --no-cache-dir -r requirements.txt

FROM registry.example/hub/python:${PYTHON}-slim

RUN apt-get update && apt-get install -y libpq5 && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/orders
COPY --from=builder /opt/venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"
COPY orders.py ./

CMD ["python", "orders.py"]
# maintained by the platform team
