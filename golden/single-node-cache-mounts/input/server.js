import http from 'node:http'
import mime from 'mime'

http
  .createServer((request, response) => {
    response.setHeader('Content-Type', mime.getType('quote.txt'))
    response.end('less is more\n')
  })
  .listen(3000)
