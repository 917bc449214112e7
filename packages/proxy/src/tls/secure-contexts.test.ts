import { randomBytes } from 'node:crypto';
import { collectLog } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { LOCAL_CERTIFICATE, SITE_CERTIFICATE } from '../fixtures/certificates.ts';
import { SecureContexts } from './secure-contexts.ts';
import { TlsPolicies } from './tls-policies.ts';

const policies = new TlsPolicies(
  [
    { id: 'staff.test', profile: 'intermediate', clientCertificates: 'require', clientCaPem: '' },
    { id: 'other.test', profile: 'intermediate', clientCertificates: 'require', clientCaPem: '' },
    { id: 'plain.test', profile: 'intermediate', clientCertificates: 'none', clientCaPem: '' },
    { id: 'new.test', profile: 'modern', clientCertificates: 'none', clientCaPem: '' },
  ],
  'intermediate',
);

it('makes one context for each certificate and policy, and shares it where nothing differs', () => {
  const contexts = new SecureContexts(collectLog());
  const get = (host: string, material = SITE_CERTIFICATE) => contexts.get(material, policies.find(host));
  const different = [
    get('a.test'),
    get('staff.test'),
    get('other.test'),
    get('new.test'),
    get('a.test', LOCAL_CERTIFICATE),
  ];
  expect(new Set(different).size).toBe(5);
  expect(get('plain.test')).toBe(different[0]);
  expect(get('staff.test')).toBe(different[1]);
  expect(contexts.size).toBe(5);
});

it('makes another one for another chain of the same leaf', () => {
  const contexts = new SecureContexts(collectLog());
  const chain = {
    ...SITE_CERTIFICATE,
    certificatePem: SITE_CERTIFICATE.certificatePem + LOCAL_CERTIFICATE.certificatePem,
  };
  const one = contexts.get(SITE_CERTIFICATE, policies.default);
  expect(contexts.get(chain, policies.default)).not.toBe(one);
  expect(contexts.size).toBe(1);
});

it('lets go of certificates that are gone, and of keys that have rotated away', () => {
  const contexts = new SecureContexts(collectLog());
  const [one, two] = [randomBytes(48), randomBytes(48)];
  contexts.setTicketKeys([one]);
  contexts.get(SITE_CERTIFICATE, policies.default);
  contexts.get(LOCAL_CERTIFICATE, policies.default);
  contexts.keep((id) => id === SITE_CERTIFICATE.id);
  expect(contexts.size).toBe(1);
  contexts.setTicketKeys([two, one]);
  contexts.get(SITE_CERTIFICATE, policies.default);
  expect(contexts.size).toBe(2);
  contexts.setTicketKeys([two]);
  expect(contexts.size).toBe(1);
});

it('keeps a thousand of them', () => {
  const contexts = new SecureContexts(collectLog());
  for (let at = 0; at < 1_010; at++) contexts.get({ ...SITE_CERTIFICATE, id: `${at}` }, policies.default);
  expect(contexts.size).toBe(1_000);
});

it('says once that a certificate cannot be used', () => {
  const log = collectLog();
  const contexts = new SecureContexts(log);
  const bad = { ...SITE_CERTIFICATE, keyPem: LOCAL_CERTIFICATE.keyPem };
  for (let count = 0; count < 3; count++) expect(contexts.get(bad, policies.default)).toBeUndefined();
  expect(log.messages('error')).toEqual(['this certificate cannot be used']);
});
