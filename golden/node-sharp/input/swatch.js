const http = require('node:http');
const sharp = require('sharp');

http
  .createServer(async (request, response) => {
    const create = { width: 24, height: 16, channels: 3, background: 'teal' };
    const image = await sharp({ create }).png().toBuffer();
    const { width, height, format } = await sharp(image).metadata();
    response.end(`${format} of ${width} by ${height}\n`);
  })
  .listen(3000);
