const fs = require('fs');
const { minify } = require('terser');

fs.mkdirSync('dist', { recursive: true });
minify(fs.readFileSync('src/app.js', 'utf8')).then(({ code }) => fs.writeFileSync('dist/app.js', code));
