FROM node:20 AS build
WORKDIR /srv/app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM build AS production
RUN npm prune --omit=dev

FROM node:20-slim
WORKDIR /srv/app
COPY package.json .
COPY --from=production /srv/app/node_modules ./node_modules
COPY --from=build /srv/app/dist ./dist
CMD ["node", "dist/index.js"]
