# Build stage: the image gets only what later stages copy from here
FROM python:3.11 AS builder

RUN apt-get update && apt-get install -y \
    gcc \
    libpq-dev \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/people
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt

# Runtime image: the same release without compilers and headers
FROM python:3.11-slim

# Only what is needed at run time
RUN apt-get update && apt-get install -y \
    libpq5 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/people
# Result of `pip install` in stage builder
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY people.py ./

EXPOSE 5000
ENV FLASK_APP=people.py
CMD ["flask", "run", "--host=0.0.0.0"]
