FROM node:20-alpine AS builder
WORKDIR /app
COPY package*.json tsconfig.json ./
RUN npm install
COPY src/ src/
RUN npm run build

FROM builder AS production
RUN npm uninstall --no-save --no-package-lock @types/express eslint jest typescript

FROM node:20-alpine
WORKDIR /app
ENV NODE_ENV=production
COPY --from=builder /app/dist ./dist
COPY --from=production /app/node_modules ./node_modules
CMD ["node", "dist/index.js"]
