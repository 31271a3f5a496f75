FROM python:3.11-alpine
WORKDIR /app
RUN apk add --no-cache gcc musl-dev libffi-dev zbar-dev
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
CMD ["python", "scan.py"]
