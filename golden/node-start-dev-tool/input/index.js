const http = require('http');
const ms = require('ms');

const timeout = ms('5s');
http
  .createServer((req, res) => res.end(`mode: ${process.env.APP_MODE}, timeout: ${timeout}\n`))
  .listen(4000);
