ARG PYTHON=3.12
FROM python:${PYTHON} AS builder

ARG EDITION=1
ARG PREFIX=/opt/almanac
ENV ALMANAC_HOME=$PREFIX \
    ALMANAC_EDITION=${EDITION}
ENV ALMANAC_DATA=$ALMANAC_HOME/data

ARG PIP_NO_CACHE_DIR=1
WORKDIR $ALMANAC_HOME
COPY requirements.txt .
RUN python -m venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"
RUN pip install -r requirements.txt

FROM python:${PYTHON}-slim

ARG EDITION=1
ARG PREFIX=/opt/almanac
ENV ALMANAC_HOME=$PREFIX \
    ALMANAC_EDITION=${EDITION}
ENV ALMANAC_DATA=$ALMANAC_HOME/data

WORKDIR $ALMANAC_HOME
COPY --from=builder /opt/venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"
COPY data $ALMANAC_DATA/
COPY almanac.py .
RUN ln -s "$PREFIX/almanac.py" /usr/local/bin/almanac && chmod +x almanac.py

LABEL edition="${EDITION}"
CMD ["almanac"]
