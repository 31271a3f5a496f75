FROM ubuntu:22.04 AS builder
RUN apt-get update && apt-get install -y curl git build-essential python3
ENV NVM_DIR=/usr/local/nvm
RUN mkdir -p $NVM_DIR && curl -fsSL https://raw.githubusercontent.com/creationix/nvm/v0.39.0/install.sh | bash
RUN . $NVM_DIR/nvm.sh && nvm install 18.12.0 && nvm alias default 18.12.0
ENV PATH=$NVM_DIR/versions/node/v18.12.0/bin:$PATH
WORKDIR /app
COPY . .
RUN npm install

FROM ubuntu:22.04
RUN apt-get update && apt-get install -y ca-certificates && rm -rf /var/lib/apt/lists/*
ENV NVM_DIR=/usr/local/nvm
COPY --from=builder /usr/local/nvm /usr/local/nvm
ENV PATH=$NVM_DIR/versions/node/v18.12.0/bin:$PATH
WORKDIR /app
COPY . .
COPY --from=builder /app/node_modules /app/node_modules
CMD ["node", "index.js"]
