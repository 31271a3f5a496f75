FROM alpine:latest
RUN apk add --no-cache python3 py3-pip libstdc++
COPY requirements.txt .
RUN apk add --no-cache --virtual .build-deps build-base python3-dev \
    && pip install --no-cache-dir --break-system-packages --no-binary :all: -r requirements.txt \
    && apk del .build-deps
COPY app.py .
CMD ["python3", "app.py"]
