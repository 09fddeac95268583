// node view_report.js FILE [PICTURES]: open a report offline and use it, as people do: with
// and without scripts, light and dark, on a phone, on A4 paper, and with axe-core.
// PICTURES: a prefix for screenshots. Exit code 1 when it says anything on the console,
// asks for anything, a control does not work or axe finds a violation; 77 when there is no
// browser or no axe-core.
const fs = require("fs");
const path = require("path");

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const PAPER = { width: 688, height: 1000 }; // A4 less 14 mm on each side, in CSS pixels
const MOST_PAGES = 60;
const problems = [];
const need = (ok, what) => { if (!ok) problems.push(what); };

function watch(page, url) {
  page.on("console", (message) => problems.push("console: " + message.text()));
  page.on("pageerror", (error) => problems.push("error: " + error.message));
  page.on("request", (request) => {
    if (request.url() !== url && !request.url().startsWith("data:")) problems.push("request: " + request.url());
  });
}

// Hovering a network shows its numbers and lights it everywhere.
async function hover(page) {
  const mark = page.locator("#front svg [data-tip]").first();
  await mark.scrollIntoViewIfNeeded();
  await mark.hover({ force: true });
  need(await page.locator("#tip").isVisible(), "no tooltip");
  need(await page.locator(".lit").count() > 1, "a hovered network is not linked");
}

// Heads sort, by mouse and by keyboard.
async function sort(page) {
  const column = () => page.locator("#trials tbody tr td:nth-child(5)").allTextContents();
  const before = await column();
  await page.locator("#trials th:nth-child(5)").click();
  const after = await column();
  need(before.length > 3 && before.join() !== after.join(), "the table does not sort");
  await page.locator("#trials th:nth-child(5)").press("Enter");
  need((await column()).join() !== after.join(), "the table does not sort by keyboard");
}

// Dragging along an axis leaves fewer lines.
async function brush(page) {
  const axis = page.locator(".pax").first();
  if (await axis.count() === 0) return;
  await axis.scrollIntoViewIfNeeded();
  const box = await axis.boundingBox();
  const x = box.x + box.width / 2;
  await page.mouse.move(x, box.y + 2);
  await page.mouse.down();
  await page.mouse.move(x, box.y + box.height / 3, { steps: 3 });
  await page.mouse.up();
  need(await page.locator(".pl .out").count() > 0, "the axis does not brush");
  await page.mouse.click(x, box.y + box.height / 2);
  need(await page.locator(".pl .out").count() === 0, "a click does not free the axis");
}

// All trials, as CSV from C and as JSON from the script.
async function download(page) {
  const rows = await page.locator("#trials tbody tr").count();
  const [file] = await Promise.all([page.waitForEvent("download"), page.locator("#json").click()]);
  const list = JSON.parse(fs.readFileSync(await file.path(), "utf8"));
  need(list.length >= rows && typeof list[0].score === "number", "the JSON lacks trials");
}

// Every drawing has a title, a description and a table: its own, or one it points to.
async function described(page) {
  const bad = await page.evaluate(() => [...document.querySelectorAll("main svg")].filter((svg) => {
    if (svg.getAttribute("aria-hidden") === "true") return false;
    const text = (name) => (svg.querySelector(":scope > " + name) || {}).textContent;
    let at = svg;
    for (let i = 0; i < 3 && at && at.tagName !== "SECTION"; i++, at = at.parentElement)
      for (let next = at.nextElementSibling, k = 0; next && k < 4; next = next.nextElementSibling, k++)
        if (next.matches("details, .scroll, p:has(a[href='#trials'])") || next.querySelector("table, a[href='#trials']"))
          return !text("title") || !text("desc");
    return true;
  }).map((svg) => svg.closest("section").id + ": " + svg.querySelector("title").textContent));
  bad.forEach((what) => problems.push("a drawing without title, description or table in " + what));
}

// Nothing reaches beyond the page: what is wide scrolls in a box of its own.
async function fits(page, where) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  need(over <= 0, `${over} pixels too wide ${where}`);
}

async function accessible(page, where, axe) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  for (const v of result.violations)
    problems.push(`axe, ${where}: ${v.id}: ${v.help} (${v.nodes.length}: ${v.nodes[0].html.slice(0, 160)})`);
}

async function screens(open, axe, picture) {
  const views = [["light", 1200], ["dark", 1200], ["light", 390], ["dark", 390]];
  for (const [colorScheme, width] of views) {
    const page = await open({ colorScheme, viewport: { width, height: 900 } });
    const where = `${colorScheme}, ${width} pixels`;
    await fits(page, where);
    if (axe) await accessible(page, where, axe);
    if (picture) await page.screenshot({ path: `${picture}-${colorScheme}-${width}.png`, fullPage: true });
    await page.context().close();
  }
}

// Without scripts all sections, the axis switch and the tables are there.
async function plain(open) {
  const page = await open({ javaScriptEnabled: false });
  need(await page.locator("section h2").count() > 8, "sections are missing without scripts");
  await page.locator("#front label").nth(2).click();
  need(await page.locator("#front .tabs > div").nth(2).isVisible(), "the axis does not switch without scripts");
  const details = page.locator("#mattered details").first();
  if (await details.count() > 0) {
    await details.locator("summary").click();
    need(await details.locator("table").isVisible(), "a table does not open without scripts");
  }
  await page.context().close();
}

// On A4: nothing is cut off at the right, and a large study does not fill a ream.
async function paper(open, picture) {
  const page = await open({ viewport: PAPER });
  await page.emulateMedia({ media: "print" });
  await fits(page, "on paper");
  const cut = await page.evaluate((width) => [...document.querySelectorAll("main svg, main table, main p, main pre")]
    .filter((node) => node.getClientRects().length > 0 && node.getBoundingClientRect().right > width)
    .map((node) => node.closest("section").id + " " + node.tagName), PAPER.width);
  cut.push(...await page.evaluate(() => [...document.querySelectorAll("main pre, main .scroll")]
    .filter((node) => node.scrollWidth > node.clientWidth + 1)
    .map((node) => node.closest("section").id + " " + node.className + node.tagName)));
  cut.forEach((what) => problems.push("cut off on paper: " + what));
  const pdf = await page.pdf({ format: "A4", preferCSSPageSize: true });
  if (picture) fs.writeFileSync(picture + ".pdf", pdf);
  const pages = (pdf.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g) || []).length;
  need(pages > 2 && pages <= MOST_PAGES, `${pages} pages on paper`);
  await page.context().close();
}

async function main() {
  const executablePath = BROWSERS.find(fs.existsSync);
  let chromium, axe = null;
  try { ({ chromium } = require("playwright-core")); } catch { process.exit(77); }
  if (!executablePath) process.exit(77);
  try { axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"); } catch { /* said below */ }
  const [file, picture] = process.argv.slice(2);
  const url = "file://" + path.resolve(file);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const open = async (options) => {
    const page = await (await browser.newContext(options)).newPage();
    watch(page, url);
    await page.goto(url);
    return page;
  };
  const page = await open({ viewport: { width: 1200, height: 900 } });
  for (const use of [hover, sort, brush, download, described]) await use(page);
  await screens(open, axe, picture);
  await plain(open);
  await paper(open, picture);
  await browser.close();
  for (const problem of problems) console.log(problem);
  if (!axe) console.log("axe-core is not installed: tools/install-deps check");
  process.exit(problems.length > 0 ? 1 : axe ? 0 : 77);
}
main().catch((error) => { console.log(error.message); process.exit(1); });
