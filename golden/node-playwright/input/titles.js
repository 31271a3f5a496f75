const http = require('node:http');
const { chromium } = require('playwright');

http
  .createServer(async (request, response) => {
    const browser = await chromium.launch();
    const page = await browser.newPage();
    await page.goto(new URL(request.url, 'http://localhost').searchParams.get('of'));
    response.end(await page.title());
    await browser.close();
  })
  .listen(3000);
