import { readFile } from 'node:fs/promises';
import http from 'node:http';
import sharp from 'sharp';

http
  .createServer(async (request, response) => {
    const frame = await readFile(new URL('./assets/frame.svg', import.meta.url), 'utf8');
    const label = new URL(request.url, 'http://localhost').searchParams.get('label') ?? 'passing';
    const image = await sharp(Buffer.from(frame.replace('LABEL', label))).png().toBuffer();
    response.setHeader('content-type', 'image/png');
    response.end(image);
  })
  .listen(3000);
