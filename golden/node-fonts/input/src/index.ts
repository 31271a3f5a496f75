import express from 'express';
import sharp from 'sharp';
const app = express();
app.get('/badge/:name', async (req, res) => {
  const svg = `<svg width="300" height="60" xmlns="http://www.w3.org/2000/svg"><text x="10" y="40" font-size="32" font-family="sans-serif">${req.params.name}</text></svg>`;
  res.type('png').send(await sharp(Buffer.from(svg)).png().toBuffer());
});
app.listen(3000);
