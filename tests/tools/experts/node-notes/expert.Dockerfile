FROM node:20 AS build
WORKDIR /usr/src/app
COPY package.json tsconfig.json ./
RUN npm install
COPY src src
RUN npm run build && npm prune --omit=dev

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /usr/src/app
COPY package.json ./
COPY --from=build /usr/src/app/node_modules node_modules
COPY --from=build /usr/src/app/dist dist
COPY views views
COPY public public
COPY scripts scripts
RUN install -d -o node -g node /var/lib/notes
VOLUME /var/lib/notes
EXPOSE 3000
USER node
HEALTHCHECK CMD node scripts/healthcheck.js
CMD ["npm", "start"]
