const fs = require('fs');
const polka = require('polka');

polka()
  .get('/', (req, res) => {
    const leaked = fs.existsSync('.npmrc') || 'NPM_TOKEN' in process.env;
    res.end(leaked ? 'a token\n' : 'no token here\n');
  })
  .listen(3000);
