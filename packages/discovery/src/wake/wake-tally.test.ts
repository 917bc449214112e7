import { collectLog } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { WakeTally } from './wake-tally.ts';

function tally() {
  const clock = { nowMs: 0 };
  const log = collectLog();
  const lines = () => log.entries.map(({ fields }) => fields);
  return { clock, lines, tally: new WakeTally({ log, nowMs: () => clock.nowMs }) };
}

const refused = { group: 'e/project:shop', name: 'shop', client: '192.0.2.1', why: 'client-budget' } as const;

it('counts what became of wakes', () => {
  const { tally: counted } = tally();
  const ended = { group: 'g', name: 'g', tookMs: 1.4, reason: '', unserved: [], isStart: true };
  for (const state of ['awake', 'awake', 'failed'] as const) counted.ended({ ...ended, state });
  counted.ended({ ...ended, state: 'awake', isStart: false });
  counted.refused(refused);
  expect([...counted.counts]).toEqual([
    ['ready', 2],
    ['failed', 1],
    ['client-budget', 1],
  ]);
});

it('writes one line a minute for each group and reason, with the number of those that it did not write', () => {
  const { tally: counted, lines, clock } = tally();
  for (let ask = 0; ask < 10_000; ask++) counted.refused({ ...refused, client: `client ${ask}` });
  counted.refused({ ...refused, why: 'total-budget' });
  counted.refused({ ...refused, group: 'e/project:blog' });
  expect(lines()).toHaveLength(3);
  expect(lines()[0]).toMatchObject({ group: 'e/project:shop', client: 'client 0' });
  clock.nowMs = 60_000;
  counted.refused({ ...refused, client: '192.0.2.9' });
  expect(lines()).toHaveLength(4);
  expect(lines()[3]).toMatchObject({ client: '192.0.2.9', untold: 9_999 });
  expect(counted.counts.get('client-budget')).toBe(10_002);
});

it('forgets what it has told longest ago where there are very many groups', () => {
  const { tally: counted, lines } = tally();
  for (let group = 0; group <= 1_024; group++) counted.refused({ ...refused, group: `g${group}` });
  counted.refused({ ...refused, group: 'g1024' });
  expect(lines()).toHaveLength(1_025);
  counted.refused({ ...refused, group: 'g0' });
  expect(lines()).toHaveLength(1_026);
});
