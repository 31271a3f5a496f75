FROM python:3.13
RUN apt-get update && apt-get install -y git
WORKDIR /src
COPY dist ./dist
RUN pip install dist/*.whl
WORKDIR /work
ENTRYPOINT ["slimify"]
