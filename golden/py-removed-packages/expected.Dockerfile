FROM python:3.11 AS builder

WORKDIR /app
COPY requirements.txt .

# The setuptools of the image can't be uninstalled by pip
RUN rm -r /usr/local/lib/python3.*/site-packages/setuptools* && \
    pip install --no-cache-dir -U setuptools==75.8.0
RUN pip install --no-cache-dir -r requirements.txt \
    && find /usr/local/lib/python3.11/site-packages/yaml -name '*.pyx' -delete \
    && rm -r /usr/local/lib/python3.11/site-packages/yaml/cyaml.py

FROM python:3.11-slim

WORKDIR /app

# The setuptools of the image can't be uninstalled by pip
RUN rm -r /usr/local/lib/python3.*/site-packages/setuptools*
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
RUN rm -r /usr/local/lib/python3.11/site-packages/pip*

COPY herd.py herd.yaml ./
CMD ["python", "herd.py"]
