import { createServer } from 'http';
import { marked } from 'marked';

createServer((request, response) => {
  response.end(marked.parse('A kettle makes *steam*.'));
}).listen(3000);
