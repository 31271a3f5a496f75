const polka = require('polka');
const Database = require('better-sqlite3');

const database = new Database(':memory:');

polka()
  .get('/sum', (req, res) => res.end(String(database.prepare('select 2 + 2').pluck().get())))
  .listen(3000);
