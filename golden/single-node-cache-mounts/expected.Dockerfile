FROM node:22-slim

WORKDIR /srv/quotes

# apart from the sources: a changed quote does not start npm install again
COPY package*.json ./

# what the server needs
RUN --mount=type=cache,target=/root/.npm \
    npm install --omit=dev

COPY . .

EXPOSE 3000
CMD ["node", "server.js"]
