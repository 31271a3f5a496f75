FROM node:20 AS builder
RUN mkdir -p /app
WORKDIR /app
COPY package.json /app
RUN npm install

FROM node:20-slim
RUN mkdir -p /app
WORKDIR /app
COPY --from=builder /app/node_modules /app/node_modules
COPY . /app
EXPOSE 8080
CMD npm start
