import { eventually } from '@dproxy/testkit';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { Chromium } from './chromium.ts';
import type { DevTools } from './devtools.ts';
import { SleepingShop } from './sleeping-shop.ts';

const HOSTILE = '<script>document.title = "run"</script><img src=x onerror="document.title = `run`">';
const STATES = `[...document.querySelectorAll('li')].map((step) => step.innerText.replace(/\\s+/g, ' '))`;

let chromium: Chromium;
let page: DevTools;
let shop: SleepingShop;
/** Of documents, in the order in which they came. */
let statuses: number[];
/** What the browser refused to run or to load. */
let complaints: unknown[];

beforeAll(async () => {
  shop = await SleepingShop.open();
  chromium = await Chromium.prepare({ address: '127.0.0.1' });
  page = await chromium.drive();
  page.on('Network.responseReceived', (params) => {
    const { type, response } = params as { type: string; response: { status: number } };
    if (type === 'Document') statuses.push(response.status);
  });
  page.on('Log.entryAdded', (params) => complaints.push(params));
});

afterAll(async () => {
  await chromium?.[Symbol.asyncDispose]();
  await shop?.[Symbol.asyncDispose]();
});

beforeEach(async () => {
  statuses = [];
  complaints = [];
  shop.wakes = 0;
  await shop.sleep();
});

async function visit(host = 'shop.localhost', path = '/'): Promise<void> {
  await page.open(shop.url(host, path));
  await eventually(() => shop.wakes > 0);
  await eventually(async () => (await page.text()).includes('Starting shop'));
  await page.evaluate('window.isFirst = true');
}

// shop.localhost is a secure context, where browsers say more of a request than at shop.test.
it.each([
  ['shop.localhost', '/'],
  ['shop.test', '//a/b?x=%zz&y'],
])('%s%s: a waiting page whose steps change in place, and which becomes the site by itself', async (host, path) => {
  const asked = shop.requests;
  await visit(host, path);
  shop.says({ message: 'Waiting for db.', steps: [step('db', 'starting'), step('web', 'waiting')] });
  await eventually(async () => (await page.text()).includes('Waiting for db.'));
  expect(await page.evaluate(STATES)).toEqual(['db starting', 'web waiting']);
  shop.says({ message: 'Waiting for web.', steps: [step('db', 'ready'), step('web', 'starting')] });
  await eventually(async () => (await page.text()).includes('Waiting for web.'));
  expect(await page.evaluate(STATES)).toEqual(['db ready', 'web starting']);
  expect(await page.evaluate('window.isFirst')).toBe(true);
  expect(shop.requests).toBe(asked);
  await shop.awake();
  await eventually(async () => (await page.text()).includes('Good morning!'));
  expect(statuses).toEqual([202, 200]);
  expect(await page.evaluate('location.href')).toBe(shop.url(host, path));
});

it('log lines are text, whatever is in them', async () => {
  await visit();
  shop.says({ log: ['\u001b[32mready\u001b[0m', HOSTILE], steps: [step(HOSTILE, 'starting')] });
  await eventually(async () => (await page.text()).includes('onerror'));
  expect(await page.evaluate(`document.querySelector('pre').textContent`)).toBe(`ready\n${HOSTILE}`);
  // The same as part of the page that comes first.
  await page.call('Page.reload');
  await eventually(() => statuses.length === 2);
  await eventually(async () => (await page.text()).includes('onerror'));
  expect(await page.evaluate(`document.querySelectorAll('img, li script, pre script').length`)).toBe(0);
  expect(await page.evaluate('document.title')).toBe('Starting shop');
  expect(complaints).toEqual([]);
});

it('a start that fails shows why, and does not begin again by itself; a click begins it', async () => {
  await visit();
  shop.says({ state: 'failed', message: 'web ended with code 1.', steps: [step('web', 'failed')] });
  await eventually(async () => (await page.text()).includes('web ended with code 1.'));
  expect(await page.evaluate('document.title')).toBe('shop could not be started');
  const { wakes } = shop;
  await page.click('a');
  await eventually(() => shop.wakes > wakes);
  await eventually(async () => (await page.text()).includes('Starting shop'));
  expect(statuses).toEqual([202, 202]);
});

it('without scripts it comes again by itself, until it has failed, or is the site', async () => {
  await page.call('Emulation.setScriptExecutionDisabled', { value: true });
  onTestFinished(() => page.call('Emulation.setScriptExecutionDisabled', { value: false }).then(() => undefined));
  shop.says({ retryAfterS: 1 });
  await page.open(shop.url('shop.localhost'));
  await eventually(() => statuses.length > 1);
  shop.says({ state: 'failed', message: 'web ended with code 1.' });
  await eventually(() => statuses.includes(503));
  await shop.awake();
  await page.open(shop.url('shop.localhost'));
  await eventually(() => statuses.includes(200));
  expect(statuses.filter((status) => status !== 202)).toEqual([503, 200]);
});

function step(name: string, state: 'waiting' | 'starting' | 'ready' | 'failed') {
  return { name, state };
}
