const http = require('node:http');
const puppeteer = require('puppeteer');

http
  .createServer(async (request, response) => {
    const browser = await puppeteer.launch({ args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    const page = await browser.newPage();
    await page.setContent('<h1>Greetings from Bergen</h1>');
    response.end(await page.$eval('h1', (h1) => h1.textContent.toUpperCase()));
    await browser.close();
  })
  .listen(3000);
