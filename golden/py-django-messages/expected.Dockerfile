FROM python:3.11 AS builder
RUN apt-get update && apt-get install -y --no-install-recommends gettext build-essential
WORKDIR /srv
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
# .po to .mo
RUN python manage.py compilemessages

FROM python:3.11-slim
WORKDIR /srv
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY --from=builder /srv /srv
EXPOSE 8000
CMD ["gunicorn", "inn.wsgi", "--bind", "0.0.0.0:8000"]
