import { randomBytes } from 'node:crypto';
import { Origin } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { startTlsEdge, visit } from './tls-edge.ts';

const [FIRST, SECOND, THIRD] = [randomBytes(48), randomBytes(48), randomBytes(48)];

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session over %s', (maxVersion) => {
  const tls = { maxVersion };

  it('resumes on another worker that has the same keys, and on no other', async () => {
    await using origin = await Origin.start();
    await using one = await startTlsEdge({ origin });
    await using two = await startTlsEdge({ origin });
    await using stranger = await startTlsEdge({ origin });
    for (const { plane } of [one, two]) plane.setTicketKeys([FIRST]);
    const { session } = await visit(one.port, 'a.test', tls);
    expect(session).toBeDefined();
    for (const [edge, isReused] of [
      [one, true],
      [two, true],
      [stranger, false],
    ] as const) {
      expect(await visit(edge.port, 'a.test', { ...tls, session })).toMatchObject({ status: 200, isReused });
    }
  });

  it('resumes after its keys rotated once, and not after they did twice', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin });
    edge.plane.setTicketKeys([FIRST]);
    const { session } = await visit(edge.port, 'a.test', tls);
    edge.plane.setTicketKeys([SECOND, FIRST]);
    expect(await visit(edge.port, 'a.test', { ...tls, session })).toMatchObject({ status: 200, isReused: true });
    const { session: later } = await visit(edge.port, 'a.test', tls);
    edge.plane.setTicketKeys([THIRD, SECOND]);
    expect(await visit(edge.port, 'a.test', { ...tls, session })).toMatchObject({ status: 200, isReused: false });
    expect(await visit(edge.port, 'a.test', { ...tls, session: later })).toMatchObject({ status: 200, isReused: true });
  });

  it('resumes without a primary that gives keys, and after a change of the table', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin });
    const { session } = await visit(edge.port, 'a.test', tls);
    await edge.apply({ routes: { 'a.test': origin, 'b.test': origin } });
    expect(await visit(edge.port, 'a.test', { ...tls, session })).toMatchObject({ status: 200, isReused: true });
  });
});

it('keys of another length are refused, and the ones before stay', async () => {
  await using origin = await Origin.start();
  await using edge = await startTlsEdge({ origin });
  const { session } = await visit(edge.port, 'a.test');
  for (const keys of [[], [randomBytes(47)], [FIRST, randomBytes(80)]]) {
    expect(() => edge.plane.setTicketKeys(keys)).toThrow(RangeError);
  }
  expect(await visit(edge.port, 'a.test', { session })).toMatchObject({ isReused: true });
});
