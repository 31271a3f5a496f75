const bcrypt = require('bcrypt');
const fs = require('node:fs');
const polka = require('polka');

module.exports = () => {
  const { rounds, migrations } = JSON.parse(fs.readFileSync(process.env.ACCOUNTS_CONFIG, 'utf8'));
  const hash = bcrypt.hashSync('secret', rounds);
  polka()
    .get('/', (_request, response) => {
      const schema = fs.readdirSync(migrations).length;
      response.end(`schema ${schema}, hashes ${bcrypt.compareSync('secret', hash) ? 'work' : 'fail'}\n`);
    })
    .listen(4000, () => console.log('accounts listens'));
};
