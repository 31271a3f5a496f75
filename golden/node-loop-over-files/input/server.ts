import Koa from 'koa';
import { readFileSync } from 'fs';

new Koa().use(ctx => { ctx.body = readFileSync('/usr/share/pages/start.txt'); }).listen(8080);
