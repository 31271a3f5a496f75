FROM python:3.11-slim-bookworm AS builder
RUN apt-get update && apt-get install -y gcc pkg-config libgtk-3-dev libgirepository1.0-dev libcairo2-dev
WORKDIR /opt/panel
COPY requirements.txt .
RUN pip install -r requirements.txt

FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install -y libgtk-3-0 gir1.2-gtk-3.0 libgirepository-1.0-1 gir1.2-freedesktop gir1.2-glib-2.0 libcairo-gobject2 libcairo2 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/panel
RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY app.py .
CMD ["python","app.py"]
