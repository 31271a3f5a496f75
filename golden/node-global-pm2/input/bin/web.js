require('polka')()
  .get('/', (req, res) => res.end(`${process.env.GREETING}\n`))
  .listen(3000);
