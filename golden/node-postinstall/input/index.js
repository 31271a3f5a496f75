const http = require('http');
const ms = require('ms');

http
  .createServer((req, res) => res.end(`${ms('28d') / ms.fortnight} fortnights\n`))
  .listen(3000);
