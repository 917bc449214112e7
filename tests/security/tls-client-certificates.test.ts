import { connect } from 'node:tls';
import { Origin, RawClient } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { ALICE, AUTHORITY_ONE, AUTHORITY_TWO, BOB, MALLORY, SERVER } from './client-identities.ts';
import { allGone, policyOf, startTlsEdge, type TlsEdge, visit } from './tls-edge.ts';

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
const REQUIRED = policyOf('a.test', 'require', AUTHORITY_ONE);

/** A host that requires certificates of the first authority beside one that asks for none. */
async function withPolicies(
  tlsPolicies: readonly ReturnType<typeof policyOf>[],
  use: (edge: TlsEdge) => Promise<void>,
) {
  await using origin = await Origin.start();
  await using edge = await startTlsEdge({ origin, tlsPolicies });
  await use(edge);
  await allGone(edge.plane);
}

describe.each(VERSIONS)('client certificates over %s', (maxVersion) => {
  const tls = { maxVersion };

  it('are required: only who has a valid one is served', async () => {
    await withPolicies([REQUIRED], async ({ port }) => {
      expect(await visit(port, 'a.test', { ...tls, ...ALICE })).toMatchObject({ status: 200, protocol: maxVersion });
      for (const identity of [{}, MALLORY, BOB, SERVER]) {
        expect(await visit(port, 'a.test', { ...tls, ...identity })).toMatchObject({ status: 0, answer: '' });
      }
      expect((await visit(port, 'x.wild.test', tls)).status).toBe(200);
    });
  });

  it('are optional: everybody is served', async () => {
    await withPolicies([policyOf('a.test', 'optional', AUTHORITY_ONE)], async ({ port }) => {
      for (const identity of [{}, ALICE, MALLORY]) {
        expect((await visit(port, 'a.test', { ...tls, ...identity })).status).toBe(200);
      }
    });
  });

  it.each(['', 'no certificate', AUTHORITY_ONE.slice(0, 200)])('are not to be had of no authority: %j', async (pem) => {
    await withPolicies([policyOf('a.test', 'require', pem)], async ({ port }) => {
      for (const identity of [{}, ALICE]) {
        expect((await visit(port, 'a.test', { ...tls, ...identity })).status).toBe(0);
      }
      expect((await visit(port, 'x.wild.test', tls)).status).toBe(200);
    });
  });

  it('are not passed by with another name in SNI, or none', async () => {
    await withPolicies([REQUIRED], async ({ port }) => {
      expect((await visit(port, 'x.wild.test', { ...tls, host: 'a.test' })).status).toBe(421);
      expect((await visit(port, undefined, { ...tls, host: 'a.test' })).status).toBe(421);
      expect((await visit(port, 'a.test', { ...tls, ...ALICE, host: 'x.wild.test' })).status).toBe(421);
    });
  });

  it('need not be sent again with a session that began with one', async () => {
    await withPolicies([REQUIRED], async ({ port }) => {
      const { session } = await visit(port, 'a.test', { ...tls, ...ALICE });
      expect(await visit(port, 'a.test', { ...tls, session })).toMatchObject({ status: 200, isReused: true });
    });
  });

  it.each<[string, string, readonly ReturnType<typeof policyOf>[]]>([
    ['of a host without a policy', 'x.wild.test', [REQUIRED]],
    [
      'of a host where they are optional',
      'x.wild.test',
      [REQUIRED, policyOf('*.wild.test', 'optional', AUTHORITY_ONE)],
    ],
    ['of a host with another authority', 'x.wild.test', [REQUIRED, policyOf('*.wild.test', 'optional', AUTHORITY_TWO)]],
  ])('are not passed by with a session %s', async (_what, from, policies) => {
    await withPolicies(policies, async ({ port }) => {
      for (const identity of [{}, MALLORY]) {
        const { session, status } = await visit(port, from, { ...tls, ...identity });
        expect(status).toBe(200);
        expect(session).toBeDefined();
        const again = await visit(port, 'a.test', { ...tls, session });
        expect(again).toMatchObject({ status: 0, answer: '', isReused: false });
        // The session is a good one where it belongs.
        expect(await visit(port, from, { ...tls, session })).toMatchObject({ status: 200, isReused: true });
      }
    });
  });

  it('hold for a connection only as long as the policy that they were shown under', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin, tlsPolicies: [REQUIRED] });
    const socket = connect({
      port: edge.port,
      host: '127.0.0.1',
      servername: 'a.test',
      rejectUnauthorized: false,
      ...tls,
      ...ALICE,
    });
    using client = RawClient.over(socket);
    const statusNow = async (): Promise<number> => {
      await client.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
      return (await client.readResponse()).status;
    };
    expect(await statusNow()).toBe(200);
    await edge.apply({ tlsPolicies: [REQUIRED], routes: { 'a.test': origin, 'b.test': origin } });
    expect(await statusNow()).toBe(200);
    await edge.apply({ tlsPolicies: [policyOf('a.test', 'require', AUTHORITY_TWO)] });
    expect(await statusNow()).toBe(421);
  });

  it('are asked for again after the policy changed, whatever session there is from before', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin });
    const { port, apply } = edge;
    const begin = async (identity = {}) => (await visit(port, 'a.test', { ...tls, ...identity })).session;
    const resume = async (session: Buffer | undefined) => await visit(port, 'a.test', { ...tls, session });

    const fromNone = await begin();
    expect(await resume(fromNone)).toMatchObject({ status: 200, isReused: true });
    await apply({ tlsPolicies: [policyOf('a.test', 'optional', AUTHORITY_ONE)] });
    expect(await resume(fromNone)).toMatchObject({ status: 200, isReused: false });
    const fromOptional = await begin();
    await apply({ tlsPolicies: [REQUIRED] });
    for (const session of [fromNone, fromOptional]) expect(await resume(session)).toMatchObject({ status: 0 });
    const fromAlice = await begin(ALICE);
    expect(await resume(fromAlice)).toMatchObject({ status: 200, isReused: true });
    await apply({ tlsPolicies: [policyOf('a.test', 'require', AUTHORITY_TWO)] });
    for (const session of [fromNone, fromOptional, fromAlice])
      expect(await resume(session)).toMatchObject({ status: 0 });
    await allGone(edge.plane);
  });
});
