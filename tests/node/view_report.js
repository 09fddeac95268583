// node view_report.js FILE [SCREENSHOT]: open a report offline and use it.
// Exit code 1 when it says anything on the console, asks for anything, or a control of it
// does not work; 77 when there is no browser.
const fs = require("fs");
const path = require("path");

async function main() {
  const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(fs.existsSync);
  let chromium;
  try { ({ chromium } = require("playwright-core")); } catch { process.exit(77); }
  if (!browserPath) process.exit(77);
  const [file, picture] = process.argv.slice(2);
  const url = "file://" + path.resolve(file);
  const problems = [];
  const need = (ok, what) => { if (!ok) problems.push(what); };
  const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
  const watch = (page) => {
    page.on("console", (message) => problems.push("console: " + message.text()));
    page.on("pageerror", (error) => problems.push("error: " + error.message));
    page.on("request", (request) => {
      if (request.url() !== url && !request.url().startsWith("data:")) problems.push("request: " + request.url());
    });
  };
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  watch(page);
  await page.goto(url);

  // Hovering a network shows its numbers and lights it everywhere.
  const mark = page.locator("#front svg [data-tip]").first();
  await mark.scrollIntoViewIfNeeded();
  await mark.hover({ force: true });
  need(await page.locator("#tip").isVisible(), "no tooltip");
  need(await page.locator(".lit").count() > 1, "a hovered network is not linked");

  // A click on a head sorts.
  const column = () => page.locator("#trials tbody tr td:nth-child(4)").allTextContents();
  const before = await column();
  await page.locator("#trials th:nth-child(4)").click();
  const after = await column();
  need(before.length > 3 && before.join() !== after.join(), "the table does not sort");

  // Dragging along an axis leaves fewer lines.
  const axis = page.locator(".pax").first();
  if (await axis.count() > 0) {
    await axis.scrollIntoViewIfNeeded();
    const box = await axis.boundingBox();
    const x = box.x + box.width / 2;
    await page.mouse.move(x, box.y + 2);
    await page.mouse.down();
    await page.mouse.move(x, box.y + box.height / 3, { steps: 3 });
    await page.mouse.up();
    need(await page.locator(".pl.out").count() > 0, "the axis does not brush");
  }
  if (picture) await page.screenshot({ path: picture, fullPage: true });

  // Without scripts all sections, the axis switch and the tables are there.
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const still = await plain.newPage();
  watch(still);
  await still.goto(url);
  need(await still.locator("section h2").count() > 8, "sections are missing without scripts");
  await still.locator("#front label").nth(2).click();
  need(await still.locator("#front .tabs > div").nth(2).isVisible(), "the axis does not switch without scripts");

  await browser.close();
  for (const problem of problems) console.log(problem);
  process.exit(problems.length > 0 ? 1 : 0);
}
main().catch((error) => { console.log(error.message); process.exit(1); });
