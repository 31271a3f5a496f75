FROM python:3.11 AS build
RUN python -m venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH" DJANGO_SETTINGS_MODULE=garden.settings
WORKDIR /code
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
RUN SECRET_KEY=build python manage.py collectstatic --noinput

FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=garden.settings \
    PATH="/opt/venv/bin:$PATH"
RUN useradd --create-home gardener
COPY --from=build /opt/venv /opt/venv
COPY --from=build --chown=gardener:gardener /code /code
RUN chown gardener:gardener /code
WORKDIR /code
USER gardener
EXPOSE 8000
ENTRYPOINT ["/code/docker/entrypoint.sh"]
CMD ["gunicorn", "garden.wsgi", "-b", ":8000", "--workers", "1"]
