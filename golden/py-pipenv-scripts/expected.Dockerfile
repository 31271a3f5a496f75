FROM python:3.11 AS builder

RUN pip install pipenv

WORKDIR /srv/menu
COPY Pipfile Pipfile.lock ./
RUN pipenv install --dev --system --deploy

COPY . .
RUN pipenv run lint \
    && pip uninstall -y pipenv virtualenv distlib

FROM python:3.11-slim

RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin

WORKDIR /srv/menu

COPY . .

EXPOSE 8000
CMD ["python", "menu.py"]
