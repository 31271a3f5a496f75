FROM python:3.12 AS builder
WORKDIR /job
COPY requirements.txt .
RUN pip install --prefix=/deps -r requirements.txt

FROM python:3.12-slim
WORKDIR /job
COPY --from=builder /deps /deps
ENV PYTHONPATH=/deps/lib/python3.12/site-packages
COPY job.py .
CMD ["python3", "job.py"]
