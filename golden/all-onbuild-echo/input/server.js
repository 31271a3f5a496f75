const polka = require('polka');
const dayjs = require('dayjs');

polka()
  .get('/days', (req, res) => {
    const days = dayjs(req.query.to).diff(dayjs(req.query.from), 'day');
    res.end(`${days}\n`);
  })
  .listen(3000, () => console.log('listening'));
