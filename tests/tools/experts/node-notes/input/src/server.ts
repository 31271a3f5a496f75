import express from 'express';
import helmet from 'helmet';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const store = '/var/lib/notes';
const app = express();
app.set('view engine', 'ejs');
app.set('views', join(__dirname, '..', 'views'));
app.use(helmet());
app.use('/assets', express.static(join(process.cwd(), 'public')));
app.get('/', (_request, response) => response.render('index', { notes: readdirSync(store) }));
app.get('/about', (_request, response) => response.render('about'));
app.put('/:name', express.text(), (request, response) => {
  writeFileSync(join(store, request.params.name), String(request.body));
  response.sendStatus(201);
});
app.listen(3000, () => console.log('notes listens'));
