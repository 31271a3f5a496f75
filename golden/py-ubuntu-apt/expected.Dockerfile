FROM ubuntu:22.04 AS builder

ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y \
        build-essential \
        libyaml-dev \
        python3 \
        python3-dev \
        python3-pip \
        python3-venv

WORKDIR /opt/service
RUN python3 -m venv env
COPY requirements.txt .
RUN env/bin/pip install --no-binary PyYAML -r requirements.txt

FROM ubuntu:22.04

ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y \
        libyaml-0-2 \
        python3 \
        ca-certificates \
        python3-setuptools \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/service
COPY --from=builder /opt/service/env /opt/service/env
COPY service.py .

EXPOSE 8000
CMD ["/opt/service/env/bin/python3", "service.py"]
