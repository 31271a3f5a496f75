require('http').createServer((_, response) => require('pidusage')(process.pid, (_, found) => response.end(String(found.cpu)))).listen(3000)
