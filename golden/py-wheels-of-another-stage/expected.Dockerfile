FROM python:3.11-slim AS builder
WORKDIR /wheels
COPY requirements.txt .
RUN pip wheel --no-cache-dir -r requirements.txt
FROM python:3.11-slim AS build
RUN useradd -m app
WORKDIR /home/app
COPY --from=builder /wheels /wheels
RUN pip install --no-cache-dir -r /wheels/requirements.txt -f /wheels

FROM python:3.11-slim
RUN useradd -m app
WORKDIR /home/app
COPY --from=build /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=build /usr/local/bin /usr/local/bin
COPY . .
USER app
CMD ["python", "app.py"]
