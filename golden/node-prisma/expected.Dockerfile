FROM node:20 AS builder
WORKDIR /app
COPY package.json ./
COPY prisma ./prisma/
RUN npm install
COPY . .
RUN npx prisma generate

FROM node:20-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates openssl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=builder /app /app
EXPOSE 3000
CMD ["npm", "run", "start:migrate"]
