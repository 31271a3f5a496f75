FROM python:3.11 AS builder
RUN useradd --create-home --uid 1001 runner
USER runner
WORKDIR /home/runner/app
ENV PATH=/home/runner/.local/bin:$PATH
COPY --chown=runner:runner requirements.txt .
RUN pip install --user --no-warn-script-location -r requirements.txt

FROM python:3.11-slim
RUN useradd --create-home --uid 1001 runner
USER runner
WORKDIR /home/runner/app
ENV PATH=/home/runner/.local/bin:$PATH
COPY --from=builder --chown=runner:runner /home/runner/.local /home/runner/.local
COPY --chown=runner:runner where.py .
EXPOSE 8000
CMD ["waitress-serve", "--port=8000", "where:app"]
