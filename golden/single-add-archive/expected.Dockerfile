FROM python:3.12-bookworm
RUN wget -qO /tmp/cities-2024.tar.gz https://example.org/geo/cities-2024.tar.gz \
    && mkdir -p /opt/geo && tar -xzf /tmp/cities-2024.tar.gz -C /opt/geo && rm /tmp/cities-2024.tar.gz
RUN wget -q https://example.org/fonts.zip \
    && unzip fonts.zip -d /usr/share/fonts \
    && rm fonts.zip
WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY app.py ./
CMD ["python", "app.py"]
