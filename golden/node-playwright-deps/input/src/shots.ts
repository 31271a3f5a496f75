import { chromium } from "playwright";

async function shots(addresses: string[]) {
  const browser = await chromium.launch();
  for (const [number, address] of addresses.entries()) {
    const page = await browser.newPage();
    await page.goto(address);
    await page.screenshot({ path: `/tmp/${number}.png` });
  }
  await browser.close();
}

shots(process.argv.slice(2));
