const fs = require('fs');

require('esbuild').buildSync({ entryPoints: ['src/clock.js'], outfile: 'dist/bundle.js', bundle: true });
fs.copyFileSync('src/index.html', 'dist/index.html');
