// What a person does with the app, in a browser that puppeteer drives.

/** Has asked to join as Ana, in English. */
export async function joined(browser, link) {
  const page = await browser.newPage();
  await page.setViewport({ width: 360, height: 740 });
  await page.goto(link);
  await tap(page, "English");
  await page.locator("input:not([type])").fill("Ana").catch(() => page.locator("input").fill("Ana"));
  await page.locator("button.main").click();
  await sees(page, "waiting");
  return page;
}

export const tap = (page, name) => page.locator(`::-p-xpath(//button[contains(normalize-space(.), "${name}")])`).click();

export const sees = (page, text) =>
  page.waitForFunction((text) => document.body.innerText.includes(text), { timeout: 20_000 }, text).catch(async () => {
    throw new Error(`no "${text}" in: ${await page.evaluate(() => document.body.innerText)}`);
  });

export const gone = (page, text) =>
  page.waitForFunction((text) => !document.body.innerText.includes(text), { timeout: 20_000 }, text);

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
