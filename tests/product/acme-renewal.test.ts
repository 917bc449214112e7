import { AriAndProfilesFront, Pebble } from '@dproxy/testkit/acme';
import { eventually } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { AcmeSite } from './acme-site.ts';

const NAME = 'renewed.example.com';
const DAY_MS = 86_400_000;

it('renews when the authority says so, tells what is replaced, and no handshake notices', async () => {
  await using pebble = await Pebble.start({ httpPort: 80, tlsPort: 443 });
  // Pebble has no renewal information: the front asks for the first certificate to be renewed at once, for others later.
  await using front = await AriAndProfilesFront.start(pebble);
  const asked = new Set<string>();
  let isDue = false;
  front.answer = ({ path }) => {
    const id = path.startsWith('/renewal-info/') ? path.slice('/renewal-info/'.length) : '';
    if (id === '') return undefined;
    asked.add(id);
    const isFirst = [...asked][0] === id;
    const startMs = Date.now() + (isFirst && isDue ? -2 : 300) * DAY_MS;
    const suggestedWindow = { start: new Date(startMs).toISOString(), end: new Date(startMs + DAY_MS).toISOString() };
    return { status: 200, body: { suggestedWindow } };
  };
  const site = await AcmeSite.start(pebble, [NAME], front.directory);
  await using product = site.product;
  await site.whenState(NAME, 'valid');
  const first = await eventually(() => site.leafOf(NAME));
  await eventually(() => asked.size === 1);
  expect(front.orders).toEqual([{ identifiers: [{ type: 'dns', value: NAME }] }]);

  isDue = true;
  // A primary asks again when it starts; workers serve on meanwhile.
  process.kill(await product.primaryPid(), 'SIGKILL');
  const seen = new Set<string>();
  await eventually(
    async () => {
      const leaf = await site.leafOf(NAME);
      seen.add(leaf.fingerprint256);
      return leaf.fingerprint256 !== first.fingerprint256;
    },
    { deadlineMs: 90_000, everyMs: 5, what: 'another certificate' },
  );
  expect(front.orders[1]).toEqual({ identifiers: [{ type: 'dns', value: NAME }], replaces: [...asked][0] });
  expect(front.orders).toHaveLength(2);
  expect(seen.size).toBe(2);
  const view = await site.whenState(NAME, 'valid');
  expect(view.renewMs).toBeGreaterThan(Date.now() + 100 * DAY_MS);
});
