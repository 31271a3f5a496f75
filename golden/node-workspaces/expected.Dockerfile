FROM node:20 AS builder

WORKDIR /repo
COPY package.json package-lock.json ./
COPY packages/api/package.json packages/api/
COPY packages/money/package.json packages/money/
RUN npm ci

COPY packages packages
RUN npm run build --workspaces --if-present \
    && npm prune --omit=dev

FROM node:20-slim

WORKDIR /repo
COPY --from=builder /repo /repo

EXPOSE 3000
CMD ["npm", "start", "--workspace", "packages/api"]
