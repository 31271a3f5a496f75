require('fs').writeFileSync('build/plugin-b.js', 'module.exports = "b"');
