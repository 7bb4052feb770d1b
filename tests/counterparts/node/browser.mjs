// Pages in Chromium, driven by lines. The calls of `PAGE` act on what is shown; all others are functions of aws-amplify in the page.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { build } from 'esbuild';
import puppeteer from 'puppeteer-core';

import { answerLines } from './lines.mjs';

const PATIENCE = 20_000;
const here = new URL('.', import.meta.url).pathname;
const bundles = await build({
  absWorkingDir: here,
  entryPoints: ['browser/amplify.js', 'browser/authenticator.jsx', 'browser/redirect.js'],
  bundle: true,
  format: 'iife',
  jsx: 'automatic',
  minify: true,
  outdir: 'out',
  write: false,
  define: { 'process.env.NODE_ENV': '"production"' },
});
const scripts = Object.fromEntries(bundles.outputFiles.map(({ path, contents }) => [path.split('/').pop(), contents]));

const server = createServer((request, response) => {
  const name = request.url.slice(1).split('?')[0];
  if (name in scripts) return response.setHeader('content-type', 'text/javascript').end(scripts[name]);
  response.setHeader('content-type', 'text/html');
  return response.end(`<!doctype html><title>An app</title><div id="root"></div><script src="/${name || 'amplify'}.js"></script>`);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://localhost:${server.address().port}`;

const browser = await puppeteer.launch({ executablePath: process.argv[2], args: ['--no-sandbox'], acceptInsecureCerts: true });
let page;
let devtools;

async function freshPage(path) {
  await page?.browserContext().close();
  page = await (await browser.createBrowserContext()).newPage();
  page.setDefaultTimeout(PATIENCE);
  devtools = await page.createCDPSession();
  await page.goto(`${origin}/${path}`);
}

/** Wait until what `read` returns includes a text. It may fail while the page gives way to another one. */
async function includes(read, wanted) {
  const deadline = Date.now() + PATIENCE;
  let shown;
  do {
    shown = await Promise.resolve().then(read).catch(String);
    if (shown.includes(wanted)) return;
    await setTimeout(20);
  } while (Date.now() < deadline);
  throw new Error(`"${wanted}" is not in: ${shown}`);
}

const PAGE = {
  configure: async (pool) => {
    await freshPage('');
    return inPage('configure', pool);
  },
  devtools: ({ method, params }) => devtools.send(method, params),
  authenticator: (pool) => freshPage(`authenticator?${new URLSearchParams(pool)}`),
  fill: async (fields) => {
    for (const [name, text] of Object.entries(fields)) await page.locator(`input[name="${name}"]`).fill(text);
  },
  press: ({ text }) => page.locator(`::-p-xpath((//button[normalize-space()="${text}"])[last()])`).click(),
  origin: () => origin,
  open: ({ url }) => page.goto(url),
  newBrowser: () => freshPage(''),
  back: () => page.goBack(),
  address: () => page.url(),
  arrive: ({ part }) => includes(() => page.url(), part),
  choose: ({ value }) => page.locator(`input[value="${value}"]`).click(),
  screenshot: async ({ path, width, height, dark }) => {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]);
    await page.setViewport({ width, height, deviceScaleFactor: 2 });
    await page.screenshot({ path });
  },
  axe: async () => {
    await page.setBypassCSP(true);
    await page.reload();
    await page.evaluate(await readFile(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8'));
    const { violations } = await page.evaluate(() => window.axe.run());
    return violations.map(({ id, impact, nodes }) => ({ id, impact, at: nodes.map(({ html }) => html) }));
  },
  see: ({ text }) => includes(() => page.evaluate(() => document.body.innerText), text),
};

async function inPage(call, input) {
  const answer = JSON.parse(await page.evaluate((name, given) => window.perform(name, given), call, input));
  if ('error' in answer) throw Object.assign(new Error(answer.message), { name: answer.error });
  return answer.result;
}

await answerLines((call, input) => (PAGE[call] ? PAGE[call](input) : inPage(call, input)));
await browser.close();
server.close();
