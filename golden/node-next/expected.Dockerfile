FROM node:20 AS builder
WORKDIR /usr/src/app
ENV NEXT_TELEMETRY_DISABLED=1
COPY package.json .
RUN npm install
COPY . .
RUN npm run build \
    && npm prune --omit=dev --no-package-lock \
    && rm -rf /usr/src/app/.next/cache/webpack

FROM node:20-slim
WORKDIR /usr/src/app
ENV NEXT_TELEMETRY_DISABLED=1
COPY --from=builder /usr/src/app /usr/src/app
EXPOSE 3000
CMD ["npm", "start"]
