FROM python:3.11 AS builder
ENV VIRTUAL_ENV=/opt/venv
RUN python3 -m venv $VIRTUAL_ENV
ENV PATH="$VIRTUAL_ENV/bin:$PATH"

# Install dependencies:
COPY requirements.txt .
RUN pip install --upgrade pip wheel && pip install -r requirements.txt

FROM python:3.11-slim
ENV VIRTUAL_ENV=/opt/venv
COPY --from=builder /opt/venv /opt/venv
ENV PATH="$VIRTUAL_ENV/bin:$PATH"

# Run the application:
COPY prefix.py .
EXPOSE 8000
CMD ["waitress-serve", "--port=8000", "prefix:app"]
