// Holds pages against what a real browser makes of them.
//
//     node xtask/browser/check.mjs OUTPUT_FOLDER NODE_MODULES_FOLDER CHROMIUM PAGE...
//
// NODE_MODULES_FOLDER holds `playwright-core` and `axe-core`. Every page must load without a
// word on the console and without a request but its own file, pass axe-core with and without
// its script, at two widths, bring the focus through its links and buttons in their order, and
// sort its tables by click and by key. Pictures and a PDF of each page go to OUTPUT_FOLDER, for
// whoever wants to look. Ends with 1 and a list if anything is not so.

import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [output, modules, executablePath, ...pages] = process.argv.slice(2);
if (!output || !modules || !executablePath || pages.length === 0) {
  console.error('usage: node check.mjs OUTPUT_FOLDER NODE_MODULES_FOLDER CHROMIUM PAGE...');
  process.exit(2);
}
const load = createRequire(path.resolve(modules, 'any.js'));
const { chromium } = load('playwright-core');
const axe = fs.readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8');
const faults = [];

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  for (const page of pages) {
    await check(path.resolve(page));
  }
} finally {
  await browser.close();
}
for (const fault of faults) {
  console.error(fault);
}
process.exit(faults.length === 0 ? 0 : 1);

async function check(file) {
  const url = pathToFileURL(file).href;
  const name = path.relative(process.cwd(), file).replace(/[^A-Za-z0-9]+/g, '-');
  const must = (holds, what) => {
    if (!holds) {
      faults.push(`${file}: ${what}`);
    }
  };
  // axe-core itself needs script, so what it sees without script is a copy that has none.
  const bare = path.join(output, `${name}-bare.html`);
  fs.writeFileSync(bare, fs.readFileSync(file, 'utf8').replace(/<script>[^]*<\/script>/, ''));
  for (const [width, height] of [[1280, 900], [390, 844]]) {
    for (const seen of [url, pathToFileURL(bare).href]) {
      await open({ url: seen, width, height }, async (page) => {
        for (const fault of await violations(page)) {
          must(false, `${width} px, ${seen === url ? 'with' : 'without'} script: axe: ${fault}`);
        }
      });
    }
    for (const javaScriptEnabled of [true, false]) {
      const as = `${width} px ${javaScriptEnabled ? 'with' : 'without'} script`;
      await open({ url, width, height, javaScriptEnabled }, async (page, heard) => {
        const wide = await page.locator('html').evaluate((html) => html.scrollWidth);
        must(wide <= width, `${as}: is ${wide} px wide`);
        const sortable = await page.locator('table[data-sortable] th[data-sort]').count();
        const buttons = await page.locator('button').count();
        must(buttons === (javaScriptEnabled ? sortable : 0), `${as}: ${buttons} buttons for ${sortable} columns`);
        if (javaScriptEnabled) {
          await page.screenshot({ path: path.join(output, `${name}-${width}.png`), fullPage: true });
        }
        must(heard.length === 0, `${as}: ${heard.join('; ')}`);
      });
    }
  }
  await open({ url, width: 1280, height: 900, javaScriptEnabled: true }, async (page, heard) => {
    await focus(page, must);
    await sorting(page, must);
    must(heard.length === 0, `in use: ${heard.join('; ')}`);
    await page.emulateMedia({ media: 'print' });
    for (const format of ['A4', 'Letter']) {
      await page.pdf({ path: path.join(output, `${name}-${format}.pdf`), format, preferCSSPageSize: false });
    }
  });
  await open({ url, width: 1280, height: 900, javaScriptEnabled: true, reducedMotion: 'reduce' }, async (page) => {
    const behaviour = await page.locator('html').evaluate((html) => getComputedStyle(html).scrollBehavior);
    must(behaviour === 'auto', 'moves for readers who asked for no motion');
  });
}

// Opens a page and hands over what is heard of it: words on the console, errors, requests.
async function open({ url, width, height, ...options }, use) {
  const context = await browser.newContext({ viewport: { width, height }, ...options });
  const page = await context.newPage();
  const heard = [];
  page.on('console', (message) => heard.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => heard.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (request.url() !== url) {
      heard.push(`request: ${request.url()}`);
    }
  });
  await page.goto(url);
  await use(page, heard);
  await context.close();
}

async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.map(
    (found) => `${found.id}: ${found.help} (${found.nodes.length}): ${found.nodes[0].html.slice(0, 200)}`,
  );
}

// The skip link comes first and leads to the content; then links and buttons as they stand.
async function focus(page, must) {
  await page.keyboard.press('Tab');
  const skip = page.locator('a.skip');
  must(await skip.evaluate((link) => link === document.activeElement), 'the skip link is not first');
  const box = await skip.boundingBox();
  must(box.y >= 0 && box.x >= 0, 'the skip link is not seen when it has the focus');
  await page.keyboard.press('Enter');
  must(await page.evaluate(() => document.activeElement.id === 'content'), 'the skip link leads nowhere');
  await page.reload();
  const expected = await page.evaluate(() => {
    const stops = [...document.querySelectorAll('a[href], button, [tabindex="0"]')];
    stops.forEach((stop, place) => { stop.dataset.stop = place; });
    return stops.length;
  });
  const met = [];
  const unseen = [];
  for (let step = 0; step < expected; step += 1) {
    await page.keyboard.press('Tab');
    const [stop, outline] = await page.evaluate(() => {
      const at = document.activeElement;
      return [at.dataset.stop, getComputedStyle(at).outlineStyle];
    });
    met.push(Number(stop));
    if (outline === 'none') {
      unseen.push(stop);
    }
  }
  must(met.every((stop, place) => stop === place), `the focus goes ${met.join(' ')}`);
  must(unseen.length === 0, `no outline at the stops ${unseen.join(' ')}`);
}

// Up, down and back, by click and by key, in every column of every table that can be sorted.
async function sorting(page, must) {
  const tables = await page.locator('table[data-sortable]').all();
  for (const table of tables) {
    const rows = () => table.evaluate((found) => [...found.tBodies[0].rows].map((row) => row.textContent));
    const before = await rows();
    for (const head of await table.locator('th[data-sort]').all()) {
      const button = head.getByRole('button');
      const words = await head.textContent();
      const state = () => head.getAttribute('aria-sort');
      const press = [() => button.click(), () => button.press('Enter'), () => button.press(' ')];
      for (const [place, after] of ['ascending', 'descending', null].entries()) {
        await press[place]();
        must((await state()) === after, `${words}: is ${await state()}, not ${after}`);
        must(await button.evaluate((found) => found === document.activeElement), `${words}: loses the focus`);
        const said = await page.getByRole('status').textContent();
        must(said.includes(after ?? 'order of the report'), `${words}: says "${said}"`);
        const sorted = await table.locator('th[aria-sort]').count();
        must(sorted === (after ? 1 : 0), `${words}: ${sorted} columns are named as sorted`);
        const fault = await head.evaluate(disorder, after);
        must(!fault, `${words} ${after}: ${fault}`);
        must((await rows()).sort().join() === [...before].sort().join(), `${words}: rows are lost`);
      }
      must((await rows()).join() === before.join(), `${words}: the order of the report does not come back`);
    }
  }
}

// What is out of order in a sorted column, if anything is; runs in the page.
function disorder(head, direction) {
  if (!direction) {
    return null;
  }
  const body = head.closest('table').tBodies[0];
  const cells = [...body.rows].map((row) => row.cells[head.cellIndex]);
  const sign = direction === 'ascending' ? 1 : -1;
  if (head.dataset.sort === 'text') {
    const texts = cells.map((cell) => cell.textContent);
    const sorted = [...texts].sort((a, b) => sign * a.localeCompare(b, 'en', { numeric: true }));
    return texts.join() === sorted.join() ? null : texts.join(', ');
  }
  // Read anew from the words: the keys of the page are what is tested.
  const number = (cell) => {
    const found = /^[+\u2212-]?[\d,.]+/.exec(cell.textContent);
    return found ? Number(found[0].replaceAll(',', '').replace('\u2212', '-')) : null;
  };
  const numbers = cells.map(number);
  const known = numbers.filter((value) => value !== null);
  const last = numbers.slice(0, known.length).every((value) => value !== null);
  const ordered = known.every((value, place) => place === 0 || sign * (value - known[place - 1]) >= 0);
  return last && ordered ? null : numbers.join(', ');
}
