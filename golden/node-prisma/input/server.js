const polka = require('polka');
const { PrismaClient } = require('@prisma/client');

const database = new PrismaClient();

polka()
  .get('/books', async (req, res) => {
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify(await database.book.findMany()));
  })
  .listen(3000);
