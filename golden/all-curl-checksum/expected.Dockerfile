FROM python:3.11 AS builder
ARG HTMX_VERSION=1.9.12
ARG HTMX_SHA256=3f8db1903223c249c20e18b09d1bc268776e59c851424f525285d0b93d825cd0
WORKDIR /srv
RUN curl -fsSLO https://registry.npmjs.org/htmx.org/-/htmx.org-${HTMX_VERSION}.tgz \
    && echo "${HTMX_SHA256}  htmx.org-${HTMX_VERSION}.tgz" | sha256sum -c - \
    && mkdir -p static \
    && tar -xzf htmx.org-${HTMX_VERSION}.tgz -C static --strip-components=2 package/dist/htmx.min.js \
    && rm htmx.org-${HTMX_VERSION}.tgz
COPY requirements.txt .
RUN pip install -r requirements.txt

FROM python:3.11-slim
WORKDIR /srv
COPY --from=builder /srv/static /srv/static
RUN rm -rf /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY page.py .
EXPOSE 8000
CMD ["waitress-serve", "--port=8000", "page:app"]
