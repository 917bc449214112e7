// Makes the pictures of docs/waiting-page.md: a data plane, the waiting page in Chromium, and a start as the primary tells it.
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WakeProgress, WakeStep } from '@dproxy/core';
import { eventually } from '@dproxy/testkit';
import { Chromium } from '../tests/browser/chromium.ts';
import type { DevTools } from '../tests/browser/devtools.ts';
import { SleepingShop } from '../tests/browser/sleeping-shop.ts';

const FOLDER = join(dirname(import.meta.dirname), 'docs', 'waiting-page');
const SIZE = { width: 720, height: 600, deviceScaleFactor: 1, mobile: false };
/** What the address of the pictures would be called at home. */
const HOST = 'shop.example.com';

const DATABASE: Partial<WakeProgress> = {
  message: 'Waiting for db to be healthy.',
  steps: steps('starting', 'starting', 'waiting'),
};
const WEB: Partial<WakeProgress> = {
  message: 'Waiting for web to accept connections.',
  steps: steps('ready', 'ready', 'starting'),
  log: ['> shop@2.4.0 start', '\u001b[36m> node server.js\u001b[0m', 'migrating: 12 of 40', 'migrating: 31 of 40'],
};
const FAILED: Partial<WakeProgress> = {
  state: 'failed',
  message: 'web ended with exit code 1 while it started.',
  steps: steps('ready', 'ready', 'failed'),
  log: ['> shop@2.4.0 start', 'Error: DATABASE_URL is not set', '    at connect (file:///app/server.js:12:9)'],
};

await using shop = await SleepingShop.open();
await using chromium = await Chromium.prepare({ address: '127.0.0.1' });
const page = await chromium.drive();
await page.call('Emulation.setDeviceMetricsOverride', SIZE);

await visit('', 'light');
await show('1-database', DATABASE, 'Waiting for db');
await show('2-web', WEB, '31 of 40');
await shop.awake();
await shoot('3-awake', 'Good morning');

await visit('', 'light');
await show('4-failed', FAILED, 'exit code 1');

await visit('', 'dark');
await show('5-dark', WEB, '31 of 40');

await visit('terminal', 'light');
await show('6-terminal', WEB, '31 of 40');

async function visit(theme: string, scheme: 'light' | 'dark'): Promise<void> {
  await shop.sleep(theme);
  // Of a start that failed a moment ago, whoever comes again by itself would be told once more.
  shop.says({});
  await page.call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  await page.open(shop.url(HOST));
  await until(page, 'Starting shop');
  await eventually(() => page.evaluate(`document.querySelector('[data-wake=elapsed]')?.textContent !== ''`));
}

async function show(name: string, progress: Partial<WakeProgress>, text: string): Promise<void> {
  shop.says(progress);
  await shoot(name, text);
}

/** The picture of a page that is quite there. */
async function shoot(name: string, text: string): Promise<void> {
  await until(page, text);
  const file = join(FOLDER, `${name}.png`);
  await writeFile(file, await page.screenshot());
  console.log(file);
}

async function until(tools: DevTools, text: string): Promise<void> {
  await eventually(async () => (await tools.text()).includes(text), { what: text });
}

function steps(db: WakeStep['state'], cache: WakeStep['state'], web: WakeStep['state']): readonly WakeStep[] {
  return [
    { name: 'db', state: db },
    { name: 'cache', state: cache },
    { name: 'web', state: web },
  ];
}
