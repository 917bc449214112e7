// A whole order by dns-01: Pebble checks the records that the provider made in BIND's named.
import { expect, it } from 'vitest';
import { openDnsSolver } from '@dproxy/certs';
import { silentLog } from '@dproxy/core';
import { BindServer, startFakeApi } from '@dproxy/testkit/dns';
import { AuthorityUnderTest, never, readChain } from './authority.ts';

const SECRET = 'c2VjcmV0IG9mIHRoZSBrZXkgd2l0aCAyNTYgYml0cyE=';

it('a name, its wildcard and a delegated name are proven by updates, and nothing is left in the zones', async () => {
  await using bind = await BindServer.start({
    keys: [{ name: 'acme', algorithm: 'hmac-sha256', secret: SECRET }],
    zones: [
      { name: 'example.test', policy: 'grant acme name _acme-challenge.example.test. TXT;' },
      {
        name: 'shop.test',
        policy: 'grant acme name answers.shop.test. TXT;',
        records: '_acme-challenge IN CNAME answers',
      },
    ],
  });
  await using subject = await AuthorityUnderTest.start({ dnsServer: bind.address });
  const settings = {
    provider: 'rfc2136',
    options: { nameserver: bind.address, tsigKey: 'acme', tsigSecret: SECRET },
  };
  const solver = openDnsSolver(settings, {
    resolvers: [bind.address],
    authoritativePort: bind.port,
    env: {},
    log: silentLog,
  });
  const issuer = subject.newIssuer({ solvers: new Map([['dns-01', solver]]) });
  const names = ['example.test', '*.example.test', 'shop.test'];
  const issued = await issuer.issue(subject.request(names, { challenges: ['dns-01'] }), never());
  issuer.close();
  const [leaf] = readChain(issued.certificatePem);
  expect(leaf?.subjectAltName?.split(', ').toSorted()).toEqual(names.map((name) => `DNS:${name}`).toSorted());
  expect(await bind.txtOf('_acme-challenge.example.test')).toEqual([]);
  expect(await bind.txtOf('answers.shop.test')).toEqual([]);
});

it('an httpreq hook proves a name where acme.resolvers are all that can be asked', async () => {
  await using subject = await AuthorityUnderTest.start();
  await using hook = await startFakeApi(({ url, body }) => {
    const { fqdn, value } = JSON.parse(body) as { fqdn: string; value: string };
    const record = { type: 'dns-01', recordName: fqdn.slice(0, -1), recordValue: value };
    changes.push(url.pathname === '/present' ? subject.txt.present(record) : subject.txt.withdraw(record));
    return { status: 202, body: '' };
  });
  const changes: Promise<void>[] = [];
  const settings = { provider: 'httpreq', options: { endpoint: hook.url } };
  const resolvers = [subject.pebble.dns.dnsAddress];
  const solver = openDnsSolver(settings, { resolvers, env: {}, log: silentLog });
  const issuer = subject.newIssuer({ solvers: new Map([['dns-01', solver]]) });
  const request = subject.request(['*.hook.test', 'hook.test'], { challenges: ['dns-01'] });
  const issued = await issuer.issue(request, never());
  issuer.close();
  expect(readChain(issued.certificatePem)[0]?.subjectAltName).toContain('DNS:*.hook.test');
  await Promise.all(changes);
  expect(subject.txt.standing).toEqual([]);
});
