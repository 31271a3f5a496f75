FROM python:3.12 AS builder
RUN useradd --create-home builder
USER builder
WORKDIR /home/builder
COPY requirements.txt .
RUN pip wheel --wheel-dir wheels -r requirements.txt

FROM python:3.12-slim
COPY --from=builder --chown=0:0 /home/builder/wheels/*.whl /tmp/wheels/
RUN pip install --no-cache-dir --no-index /tmp/wheels/*.whl
COPY clock.py /srv/
CMD ["python", "/srv/clock.py"]
