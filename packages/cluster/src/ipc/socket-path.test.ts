import { expect, it } from 'vitest';
import { instanceOf, ipcSocketPath } from './socket-path.ts';

it('is under the state folder, or a short hashed path where that would not fit into a socket address', () => {
  expect(ipcSocketPath('/var/lib/docker-proxy', '/run')).toBe('/var/lib/docker-proxy/run/dproxy.sock');
  const long = `/home/${'x'.repeat(100)}`;
  expect(ipcSocketPath(long, '/run')).toBe(`/run/dproxy-${instanceOf(long)}/dproxy.sock`);
});
