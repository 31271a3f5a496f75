const http = require('node:http');
const pluralize = require('pluralize');

http.createServer((request, response) => response.end(pluralize(request.url.slice(1)))).listen(3000);
