FROM python:3.11 AS builder
RUN apt-get update && apt-get install -y default-libmysqlclient-dev build-essential pkg-config && apt-get clean
ADD requirements.txt /opt/report/requirements.txt
RUN pip3 install -r /opt/report/requirements.txt

FROM python:3.11-slim
RUN apt-get update && apt-get install -y libmariadb3 && apt-get clean && rm -rf /var/lib/apt/lists/*
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
ADD report.py /opt/report/
WORKDIR /opt/report
CMD python report.py
