require('polka')()
  .get('/', (req, res) => res.end('lean\n'))
  .listen(3000);
