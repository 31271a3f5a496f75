FROM node:20 AS builder
COPY . /app
WORKDIR /app
RUN npm install
RUN cd ./client && npm install && npm run build && cd ..
RUN cd /app/client && npm prune --omit=dev --no-package-lock

FROM node:20-slim
COPY --from=builder /app /app
WORKDIR /app
CMD npm start
EXPOSE 8000
