FROM node:22
WORKDIR /work
COPY package.json build.js ./
COPY src src
RUN npm run build
