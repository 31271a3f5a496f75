import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe } from './describe.js';
import { nanoid } from 'nanoid';

createServer((_request: IncomingMessage, response: ServerResponse) => {
  response.end(describe(nanoid(12)));
}).listen(3000);
