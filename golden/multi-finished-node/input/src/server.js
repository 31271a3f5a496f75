const http = require("http");
const ms = require("ms");
http.createServer((request, response) => response.end(`runs for ${ms(60000)}\n`)).listen(process.env.PORT);
