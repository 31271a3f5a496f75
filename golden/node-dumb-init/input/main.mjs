import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import colours from 'picocolors';

const parent = readFileSync(`/proc/${process.ppid}/comm`, 'utf8').trim();
createServer((request, response) => response.end(`parent: ${parent}\n`)).listen(3000);
console.log(colours.green('ready'));
