const polka = require('polka');
const { gcd } = require('./build/Release/gcd.node');

polka()
  .get('/gcd', (req, res) => res.end(`${gcd(Number(req.query.a), Number(req.query.b))}\n`))
  .listen(3000);
