FROM python:3.12-bookworm AS wheels
COPY requirements.txt ./
RUN pip install -r requirements.txt

FROM python:3.12-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/tide
COPY requirements.txt ./
COPY --from=wheels /root/.cache/pip /root/.cache/pip
RUN pip install -r requirements.txt
COPY tide.py ./
CMD ["python", "tide.py"]
