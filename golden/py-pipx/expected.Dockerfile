FROM python:3.11 AS builder
RUN pip install pipx && pipx install cowsay==6.1
ENV PATH="/root/.local/bin:$PATH"
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt

FROM python:3.11-slim
RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY --from=builder /root/.local /root/.local
ENV PATH="/root/.local/bin:$PATH"
WORKDIR /app
COPY moo.py .
CMD ["python", "moo.py"]
