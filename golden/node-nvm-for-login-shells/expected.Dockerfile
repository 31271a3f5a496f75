FROM ubuntu:22.04 AS builder
RUN apt-get update && apt-get install -y curl git build-essential
ENV NVM_DIR=/root/.nvm
RUN curl -o- https://raw.githubusercontent.com/nvm-sh/nvm/v0.39.0/install.sh | bash
RUN . $NVM_DIR/nvm.sh && nvm install 18.12.0
WORKDIR /app
COPY . .
RUN . $NVM_DIR/nvm.sh && npm install

FROM ubuntu:22.04
RUN apt-get update && apt-get install -y ca-certificates && rm -rf /var/lib/apt/lists/*
ENV NVM_DIR=/root/.nvm
COPY --from=builder /root/.nvm /root/.nvm
COPY --from=builder /root/.bashrc /root/.bashrc
COPY --from=builder /root/.profile /root/.profile
WORKDIR /app
COPY . .
COPY --from=builder /app/node_modules /app/node_modules
CMD ["bash","-ic","node index.js"]
