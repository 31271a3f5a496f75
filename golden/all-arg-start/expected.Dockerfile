FROM node:20 AS builder
ARG PORT=4100
ARG REVISION=unknown
ENV PORT=$PORT REVISION=$REVISION
WORKDIR /app
COPY package.json .
RUN npm install && echo "$REVISION" > revision.txt

FROM node:20-slim
ARG PORT=4100
ARG REVISION=unknown
ENV PORT=$PORT REVISION=$REVISION
WORKDIR /app
COPY package.json .
COPY --from=builder /app/node_modules /app/node_modules
RUN echo "$REVISION" > revision.txt
COPY index.js .
EXPOSE $PORT
CMD node index.js --port $PORT
