FROM python:3.12
RUN curl https://sh.rustup.rs -sSf | sh -s -- -y
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
CMD ["python","main.py"]
