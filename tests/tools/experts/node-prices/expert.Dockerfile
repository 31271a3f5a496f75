FROM node:20 AS build
WORKDIR /repo
COPY package.json package-lock.json ./
COPY packages packages
RUN npm ci && npm run build --workspaces --if-present && npm prune --omit=dev

FROM node:20-slim
WORKDIR /repo
COPY --from=build /repo/package.json ./
COPY --from=build /repo/node_modules ./node_modules
COPY --from=build /repo/packages/api ./packages/api
COPY --from=build /repo/packages/money/package.json ./packages/money/
COPY --from=build /repo/packages/money/dist ./packages/money/dist
EXPOSE 3000
CMD ["npm", "start", "--workspace", "packages/api"]
