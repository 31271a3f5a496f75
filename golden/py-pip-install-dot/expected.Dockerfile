FROM python:3.13 AS builder
WORKDIR /src
COPY pyproject.toml README.md ./
COPY src src
RUN pip install .

FROM python:3.13-slim
WORKDIR /src
COPY pyproject.toml README.md ./
COPY src src
COPY --from=builder /usr/local/lib/python3.13/site-packages /usr/local/lib/python3.13/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
ENTRYPOINT ["sundial"]
CMD ["noon"]
