FROM node:20-alpine AS build
RUN apk add --no-cache sqlite
WORKDIR /srv/worker
COPY package.json schema.sql ./
RUN npm install --omit=dev && sqlite3 jobs.db < schema.sql

FROM node:20-alpine
RUN apk add --no-cache dumb-init sqlite tzdata
ENV TZ=America/New_York
WORKDIR /srv/worker
COPY --from=build /srv/worker/node_modules ./node_modules
COPY --from=build /srv/worker/jobs.db ./
COPY package.json worker.js ./
COPY jobs ./jobs
ENTRYPOINT ["dumb-init", "--"]
CMD ["node", "worker.js"]
