import type { Filter } from '@dproxy/core';
import { echo, type Echo, Origin } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { getRequest, startEdge } from '../fixtures/edge.ts';

const change = (operation: 'set' | 'add' | 'remove', name: string, value = '') => ({ operation, name, value });

/** What the backend gets of the fields of one request. */
async function seen(filters: readonly Filter[], headers = ''): Promise<Echo> {
  await using origin = await Origin.start(echo());
  await using edge = await startEdge({ routes: [{ host: 'a.test', to: origin, filters }] });
  using client = await edge.connect();
  await client.write(getRequest('a.test', '/x', headers));
  return JSON.parse((await client.readResponse()).body.text) as Echo;
}

describe('header fields that filters change', () => {
  it('replace, add and remove lines of the request, the later filter last', async () => {
    const { headers } = await seen(
      [
        { type: 'headers', request: [change('set', 'x-a', '1'), change('set', 'x-b', '1')], response: [] },
        { type: 'headers', request: [change('remove', 'x-b'), change('add', 'x-a', '2')], response: [] },
      ],
      'X-A: client\r\nX-B: client\r\nX-C: client\r\n',
    );
    const named = (name: string) => headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
    expect(named('x-a')).toEqual(['1', '2']);
    expect(named('x-b')).toEqual([]);
    expect(named('x-c')).toEqual(['client']);
  });
});
