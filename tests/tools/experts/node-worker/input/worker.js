const { execFileSync } = require('node:child_process');
const ms = require('ms');

const query = (text) => execFileSync('sqlite3', ['-json', 'jobs.db', text], { encoding: 'utf8' });

function turn() {
  for (const { name } of JSON.parse(query('select name from jobs'))) require(`./jobs/${name}`)();
}

turn();
setInterval(turn, ms('1h'));
