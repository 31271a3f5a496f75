const path = require('path');
const polka = require('polka');
const sirv = require('sirv');

polka()
  .use(sirv(path.resolve(__dirname, 'client', 'dist')))
  .get('/api/cows', (req, res) => res.end(JSON.stringify(['Clarabelle', 'Bessie'])))
  .listen(process.env.PORT);
