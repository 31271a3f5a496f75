const polka = require('polka');
const { format } = require('@shop/money');

polka()
  .get('/price', (req, res) => res.end(format(Number(req.query.cents))))
  .listen(3000);
