const fs = require('fs');
const os = require('os');
const path = require('path');
const polka = require('polka');

polka()
  .get('/save', (req, res) => {
    const name = path.basename(req.query.name);
    fs.writeFileSync(path.join('uploads', name), name);
    res.end(`saved as ${os.userInfo().username}\n`);
  })
  .listen(8080);
