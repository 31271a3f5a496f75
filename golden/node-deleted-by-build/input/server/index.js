const path = require('path'); const fs = require('fs'); const express = require('express');
const dir = path.join(__dirname, '../client/build');
const plugins = fs.readdirSync(dir).filter(f => f.endsWith('.js')).map(f => require(path.join(dir, f)));
console.log(plugins);
express().use(express.static(dir)).listen(8000);
