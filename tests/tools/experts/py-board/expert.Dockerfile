FROM python:3.12 AS build
WORKDIR /board
COPY requirements.txt .
RUN grep -v pytest requirements.txt > runtime.txt && pip install --no-cache-dir --prefix=/install -r runtime.txt

FROM python:3.12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd -r -u 990 board
WORKDIR /board
COPY --from=build /install /usr/local
COPY board board
COPY sql sql
COPY --chmod=755 scripts scripts
COPY --chown=board data data
RUN chown board data
VOLUME /board/data
USER board
EXPOSE 8000
HEALTHCHECK CMD curl -f http://127.0.0.1:8000/health
ENTRYPOINT ["scripts/start.sh"]
CMD ["--host", "0.0.0.0"]
