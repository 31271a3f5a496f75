FROM node:20 AS builder

WORKDIR /book
COPY package.json ./
RUN npm install

FROM node:20-slim

WORKDIR /book
COPY package.json ./
COPY --from=builder /book/node_modules /book/node_modules
COPY index.js ./
RUN mkdir -p /book/data \
    && chown node:node /book/data

USER 1000:1000
EXPOSE 3000
CMD ["npm", "start"]
