// Teaches the ms package what a fortnight is.
const fs = require('fs');

const file = require.resolve('ms');
const source = fs.readFileSync(file, 'utf8');
if (!source.includes('fortnight')) {
  fs.writeFileSync(file, source + '\nmodule.exports.fortnight = 14 * 24 * 60 * 60 * 1000;\n');
}
