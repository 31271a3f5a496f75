FROM node:20 AS builder
WORKDIR /srv/almanac
COPY . .
RUN npm install
RUN npm run build

FROM node:20-slim
WORKDIR /srv/almanac
COPY --from=builder /srv/almanac /srv/almanac
EXPOSE 3000
CMD ["npm", "run", "dev"]
