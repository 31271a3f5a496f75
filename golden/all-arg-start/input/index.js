const { readFileSync } = require('node:fs');
const http = require('node:http');
const ms = require('ms');

http
  .createServer((request, response) => {
    const built = readFileSync('revision.txt', 'utf8').trim();
    response.end(`built from ${built}, runs as ${process.env.REVISION}, ${ms('1m')} ms a minute`);
  })
  .listen(Number(process.argv[3]));
