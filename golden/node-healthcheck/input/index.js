const polka = require('polka');

polka()
  .get('/health', (req, res) => res.end('ok\n'))
  .listen(3000);
