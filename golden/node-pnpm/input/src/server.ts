import { createHash } from 'crypto';
import polka from 'polka';

polka()
  .get('/', (request, response) => {
    const text = String(request.query.text);
    response.end(createHash('md5').update(text).digest('hex') + '\n');
  })
  .listen(3000);
