// For tests: a real httpreq hook whose records are those of real name servers on loopback.
import { startFakeApi, type DnsTestServer, type FakeApi } from '@dproxy/testkit/dns';
import type { ChallengeAnswer } from '../ports.ts';

/** Writes what it is told to all servers at once. */
export function startHook(...servers: readonly DnsTestServer[]): Promise<FakeApi> {
  return startFakeApi(({ url, body }) => {
    const { fqdn, value } = JSON.parse(body) as { fqdn: string; value: string };
    const record = { name: fqdn.slice(0, -1), type: 'TXT', value } as const;
    for (const server of servers) {
      if (url.pathname === '/present') server.add(record);
      else server.remove(record);
    }
    return { status: 200, body: '' };
  });
}

export function challenge(host: string, recordValue = `value-for-${host}`): ChallengeAnswer {
  return {
    type: 'dns-01',
    host,
    recordName: `_acme-challenge.${host.replace(/^\*\./, '')}`,
    recordValue,
    token: '-token',
    keyAuthorization: '-token.thumbprint',
  };
}
