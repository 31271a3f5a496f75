FROM python:3.11 AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libpq-dev
COPY requirements.txt .
RUN pip install --no-cache-dir --prefix=/install -r requirements.txt

FROM python:3.11-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq5 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /install /usr/local
WORKDIR /srv/people
COPY people.py ./
ENV FLASK_APP=people.py
EXPOSE 5000
CMD ["flask", "run", "--host=0.0.0.0"]
