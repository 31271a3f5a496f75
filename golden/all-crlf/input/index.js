require('polka')()
  .get('/', (req, res) => res.end('carriage\n'))
  .listen(3000);
