import { isLoopbackAddress } from './loopback.ts';

/**
 * The address to bind for `host`. Only literal loopback addresses and `localhost` may be listened on without a token that
 * somebody chose; `localhost` becomes 127.0.0.1, because a hosts file could lead it elsewhere.
 * @throws Error with a sentence for the user.
 */
export function assertListenable(host: string, token: string): string {
  if (host.toLowerCase() === 'localhost') return '127.0.0.1';
  const address = host.replace(/^\[|\]$/g, '');
  if (isLoopbackAddress(address) || token !== '') return address;
  throw new Error(
    `the admin API does not listen on ${host === '' ? 'all addresses' : host} without a token: ` +
      'set DOCKER_PROXY_API_TOKEN, or DOCKER_PROXY_API_HOST to 127.0.0.1',
  );
}
