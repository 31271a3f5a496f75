FROM python:3.11 AS builder
RUN pip install pipenv==2024.4.0
WORKDIR /app
COPY Pipfile Pipfile.lock ./
RUN pipenv install --system --deploy \
    && pip uninstall -y pipenv virtualenv distlib

FROM python:3.11-slim
RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
WORKDIR /app
COPY app.py .
EXPOSE 8000
CMD ["python", "app.py"]
