FROM node:20 AS builder

WORKDIR /app
ENV PATH /app/node_modules/.bin:$PATH

COPY package.json ./
RUN npm install
RUN npm install -g serve@14.2.4

COPY . ./
RUN npm run build

FROM node:20-slim

WORKDIR /app
ENV PATH /app/node_modules/.bin:$PATH

RUN npm install -g serve@14.2.4 && npm cache clean --force

COPY --from=builder /app/dist /app/dist

EXPOSE 3000
CMD ["serve", "-s", "dist", "-l", "3000"]
