FROM python:3.12-alpine

RUN apk add --no-cache libffi

WORKDIR /srv
COPY requirements.txt .
# everything from source
RUN apk add --no-cache --virtual .build-deps gcc musl-dev libffi-dev \
    && pip install --no-cache-dir --no-binary :all: -r requirements.txt \
    && apk del .build-deps

COPY . .
CMD ["python", "serve.py"]
