import { breakOff, eventually, Origin } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { getRequest } from '../fixtures/edge.ts';
import { backend, held, PATIENT, siteOf, startWaitingEdge } from '../fixtures/waiting-edge.ts';

describe('wildcards', () => {
  it("wait for the candidate that restarts, and do not take another site's answer", async () => {
    await using app = await Origin.start({ name: 'app' });
    await using other = await Origin.start({ name: 'other' });
    const spec = (state: 'ready' | 'stopped') => ({
      routes: [
        { host: '*.app.test', to: [backend(app, state)] },
        { host: '*.test', to: [backend(other)] },
      ],
      limits: PATIENT,
    });
    await using edge = await startWaitingEdge(spec('ready'));
    await edge.apply(spec('stopped'));
    using client = await held(edge, getRequest('x.app.test'));
    await edge.apply(spec('ready'));
    expect((await client.readResponse()).body.text).toBe('app');
    expect(other.requests).toHaveLength(0);
  });

  it('go on to the next candidate where nobody is expected', async () => {
    await using other = await Origin.start({ name: 'other' });
    const routes = [
      { host: '*.app.test', to: [backend({ port: 9, name: 'x' }, 'stopped')] },
      { host: '*.test', to: [backend(other)] },
    ];
    await using edge = await startWaitingEdge({ routes, limits: PATIENT });
    using client = await edge.connect();
    await client.write(getRequest('x.app.test'));
    expect((await client.readResponse()).body.text).toBe('other');
  });
});

describe('a container that refuses before the table says that it leaves', () => {
  const container = { containerId: 'c'.repeat(64) };

  it('is given a moment, in which the table says so', async () => {
    await using origin = await Origin.start();
    const { port, name } = origin;
    await using edge = await startWaitingEdge(siteOf([backend(origin, 'ready', container)]));
    await origin[Symbol.asyncDispose]();
    using client = await held(edge);
    await edge.apply(siteOf([backend({ port, name }, 'draining', container)]));
    await edge.apply(siteOf([backend({ port, name }, 'stopped', container)]));
    await eventually(() => edge.plane.stats().held === 1);
    await using next = await Origin.start({ name: 'origin' });
    await edge.apply(siteOf([backend(next, 'ready', container)]));
    expect((await client.readResponse()).status).toBe(200);
  });

  it('is not asked again while it drains, where it accepts and breaks off, as the proxy of a published port does', async () => {
    await using leaving = await Origin.start({ name: 'x', behaviour: breakOff('end') });
    await using next = await Origin.start({ name: 'x' });
    await using edge = await startWaitingEdge(siteOf([backend(leaving, 'ready', container)]));
    using client = await held(edge);
    await edge.apply(siteOf([backend(leaving, 'draining', container)]));
    await eventually(() => edge.plane.stats().held === 1);
    await edge.apply(siteOf([backend(leaving, 'stopped', container)]));
    await edge.apply(siteOf([backend(next, 'ready', container)]));
    expect((await client.readResponse()).status).toBe(200);
    expect(leaving.requests).toHaveLength(1);
  });

  it('is an error when the table says nothing', async () => {
    await using edge = await startWaitingEdge(siteOf([backend({ port: 9, name: 'x' }, 'ready', container)]));
    using client = await held(edge);
    expect((await client.readResponse()).status).toBe(502);
  });

  it('is an error at once when nobody can wait any more', async () => {
    const spec = {
      ...siteOf([backend({ port: 9, name: 'x' }, 'ready', container)]),
      limits: { ...PATIENT, heldRequests: 0 },
    };
    await using edge = await startWaitingEdge(spec);
    using client = await edge.connect();
    await client.write(getRequest());
    expect((await client.readResponse()).status).toBe(502);
  });

  it('is an error at once when it has only just become ready', async () => {
    const limits = { ...PATIENT, holdOverReadyMs: 3_600_000 };
    const x = { port: 9, name: 'x' };
    await using edge = await startWaitingEdge({ ...siteOf([backend(x, 'starting', container)]), limits });
    await edge.apply({ ...siteOf([backend(x, 'ready', container)]), limits });
    using client = await edge.connect();
    await client.write(getRequest());
    expect((await client.readResponse()).status).toBe(502);
  });
});
