FROM node:20 AS build
WORKDIR /app
COPY package.json ./
RUN npm install
COPY . ./
RUN npm run build

FROM build AS production
RUN npm uninstall --no-save --no-package-lock @sveltejs/adapter-node svelte vite

FROM node:20-slim
WORKDIR /app
COPY --from=production /app .
EXPOSE 3000
CMD ["node", "./build/index.js"]
