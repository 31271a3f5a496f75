FROM node:20
WORKDIR /app
COPY --chown=node:node package.json package-lock.json ./
RUN npm ci --omit=dev && chown -R node:node /app/node_modules && npm cache clean --force
COPY --chown=node:node . .
RUN chown node:node /app
USER node
EXPOSE 3000
CMD ["node", "server.js"]
