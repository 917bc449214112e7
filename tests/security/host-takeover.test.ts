import {
  type Backend,
  buildSnapshot,
  DEFAULT_HTTPS,
  OWNERSHIP_RELEASE_MS,
  type OwnershipLedger,
  type RouteDefinition,
  type Snapshot,
  type SnapshotResult,
} from '@dproxy/core';
import { listenerOf, Origin, respond, snapshotOf } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { type Edge, startEdge } from './edge.ts';

const HOUR = 3_600_000;
const { settings } = snapshotOf();

interface ContainerSpec {
  readonly project: string;
  readonly name: string;
  readonly hosts: readonly string[];
  readonly to: Origin;
  readonly sinceMs: number;
  readonly path?: string;
}

/** What discovery says about a container. */
function container({ project, name, hosts, to, sinceMs, path = '/' }: ContainerSpec): RouteDefinition {
  const id = `docker:${name}/web:${to.port}`;
  const backend: Backend = {
    id,
    name,
    protocol: 'http',
    address: '127.0.0.1',
    port: to.port,
    state: 'ready',
    reason: '',
    tlsVerify: true,
    proxyProtocol: '',
    containerId: name,
  };
  return {
    id: name,
    origin: { source: 'docker:unix:///engine', name, line: 0, project },
    hosts,
    path,
    audience: 'everyone',
    headers: { requestSet: [], requestRemove: [], responseSet: [], responseRemove: [] },
    timeouts: { connectMs: 0, responseMs: 0, idleMs: 0 },
    plugins: [],
    listeners: [],
    https: DEFAULT_HTTPS,
    action: { type: 'forward', backends: [{ backendId: id, weight: 1 }] },
    backends: [backend],
    sinceMs,
  };
}

interface Moment {
  readonly definitions: readonly RouteDefinition[];
  readonly nowMs: number;
  readonly ledger?: OwnershipLedger;
  readonly previous?: Snapshot;
  readonly isOwned?: boolean;
}

function build({ definitions, nowMs, ledger = new Map(), previous, isOwned = true }: Moment): SnapshotResult {
  return buildSnapshot({
    sources: [{ source: 'docker:unix:///engine', definitions, rejected: [] }],
    listeners: [listenerOf()],
    settings,
    certificates: [],
    pages: [],
    previous,
    ownership: isOwned ? { ledger, nowMs } : undefined,
  });
}

async function who(edge: Edge, host: string, path = '/', times = 6): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let count = 0; count < times; count++) {
    const response = await edge.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    seen.add(response.status === 200 ? response.body.text : String(response.status));
  }
  return seen;
}

describe('row 43: a container that claims the host of another project', () => {
  it('is shadowed, whatever it claims, while the owner is there and for a day after', async () => {
    await using shop = await Origin.start(respond({ body: 'shop' }));
    await using thief = await Origin.start(respond({ body: 'thief' }));
    await using edge = await startEdge({ routes: [] });
    const owner = container({ project: 'shop', name: 'shop-1', hosts: ['shop.example'], to: shop, sinceMs: 2_000 });
    const claims = [
      { hosts: ['shop.example'] },
      { hosts: ['shop.example'], path: '/login' },
      { hosts: ['other.example', 'shop.example'] },
    ].map((claim, index) =>
      // Created before the owner, by its own account: what counts is who has held the host.
      container({ project: 'thief', name: `thief-${index}`, to: thief, sinceMs: 1, ...claim }),
    );

    const first = build({ definitions: [owner], nowMs: HOUR });
    const second = build({
      definitions: [owner, ...claims],
      nowMs: 2 * HOUR,
      ledger: first.ledger,
      previous: first.snapshot,
    });
    await edge.apply(second.snapshot);
    for (const path of ['/', '/login', '/login/x'])
      expect(await who(edge, 'shop.example', path)).toEqual(new Set(['shop']));
    expect(await who(edge, 'other.example')).toEqual(new Set(['thief']));
    expect(second.shadowed.map(({ host, shadowedBy }) => [host, shadowedBy.name])).toEqual([
      ['shop.example', 'shop-1'],
      ['shop.example', 'shop-1'],
      ['shop.example', 'shop-1'],
    ]);

    const gone = build({ definitions: claims, nowMs: 3 * HOUR, ledger: second.ledger, previous: second.snapshot });
    await edge.apply(gone.snapshot);
    expect(await who(edge, 'shop.example')).toEqual(new Set(['404']));
    const later = build({
      definitions: claims,
      nowMs: 3 * HOUR + OWNERSHIP_RELEASE_MS - 1,
      ledger: gone.ledger,
      previous: gone.snapshot,
    });
    await edge.apply(later.snapshot);
    expect(await who(edge, 'shop.example')).toEqual(new Set(['404']));

    const back = build({ definitions: [owner, ...claims], nowMs: 20 * HOUR, ledger: later.ledger });
    await edge.apply(back.snapshot);
    expect(await who(edge, 'shop.example')).toEqual(new Set(['shop']));

    const released = build({
      definitions: claims,
      nowMs: 3 * HOUR + OWNERSHIP_RELEASE_MS,
      ledger: gone.ledger,
    });
    await edge.apply(released.snapshot);
    expect(await who(edge, 'shop.example')).toEqual(new Set(['thief']));
  });

  it('with a wildcard takes no host that somebody holds, and is asked for none that it does not cover', async () => {
    await using shop = await Origin.start(respond({ body: 'shop' }));
    await using thief = await Origin.start(respond({ body: 'thief' }));
    await using edge = await startEdge({ routes: [] });
    const { snapshot } = build({
      definitions: [
        container({ project: 'shop', name: 'shop-1', hosts: ['shop.example'], to: shop, sinceMs: 2 }),
        container({ project: 'thief', name: 'thief-1', hosts: ['*.example', '*.shop.example'], to: thief, sinceMs: 1 }),
      ],
      nowMs: HOUR,
    });
    await edge.apply(snapshot);
    expect(await who(edge, 'shop.example')).toEqual(new Set(['shop']));
    expect(await who(edge, 'example')).toEqual(new Set(['404']));
  });

  it('of the same project, or without that setting, is a replica as users expect', async () => {
    await using one = await Origin.start(respond({ body: 'one' }));
    await using two = await Origin.start(respond({ body: 'two' }));
    await using edge = await startEdge({ routes: [] });
    for (const [isOwned, project] of [
      [true, 'shop'],
      [false, 'other'],
    ] as const) {
      const { snapshot } = build({
        definitions: [
          container({ project: 'shop', name: 'shop-1', hosts: ['shop.example'], to: one, sinceMs: 1 }),
          container({ project, name: 'shop-2', hosts: ['shop.example'], to: two, sinceMs: 2 }),
        ],
        nowMs: HOUR,
        isOwned,
      });
      await edge.apply(snapshot);
      expect(await who(edge, 'shop.example')).toEqual(new Set(['one', 'two']));
    }
  });
});
