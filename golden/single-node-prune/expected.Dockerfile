FROM node:22
WORKDIR /app
COPY . .
RUN npm install \
# bundles the pages
    && npm run build \
    && npm prune --omit=dev \
    && npm cache clean --force
EXPOSE 3000
CMD ["node", "dist/server.js"]
