import type { RouteHttps } from '@dproxy/core';
import { argumentsOf, nameOf, type Block } from './block.ts';
import type { Report } from './report.ts';

/** Subdirectives of `tls` that say who issues the certificate and how: settings of dproxy, for all sites. */
const ISSUANCE: ReadonlyMap<string, string> = new Map([
  ['ca', 'acme.directory in dproxy.yml'],
  ['ca_root', 'acme.directory in dproxy.yml'],
  ['key_type', 'acme.keyType in dproxy.yml'],
  ['dns', 'acme.dns in dproxy.yml'],
  ['resolvers', 'acme.dns in dproxy.yml'],
  ['propagation_delay', 'acme.dns in dproxy.yml'],
  ['propagation_timeout', 'acme.dns in dproxy.yml'],
  ['dns_ttl', 'acme.dns in dproxy.yml'],
  ['dns_challenge_override_domain', 'acme.dns in dproxy.yml'],
  ['on_demand', 'acme.onDemand in dproxy.yml'],
  ['eab', 'acme.directory in dproxy.yml'],
  ['issuer', 'acme.directory in dproxy.yml'],
  ['reuse_private_keys', 'acme in dproxy.yml'],
  ['protocols', 'tls.profile in dproxy.yml'],
  ['ciphers', 'tls.profile in dproxy.yml'],
  ['curves', 'tls.profile in dproxy.yml'],
  ['alpn', 'tls.profile in dproxy.yml'],
  ['load', 'a folder of certificates: DOCKER_PROXY_SSL_PATH'],
  ['get_certificate', 'a folder of certificates: DOCKER_PROXY_SSL_PATH'],
  ['insecure_secrets_log', 'nothing'],
]);

/** `tls internal`, `tls <email>`, `tls <file> <file>`, `tls { ... }` */
export function readTls(blocks: readonly Block[], report: Report): Partial<RouteHttps> {
  let https: Partial<RouteHttps> = {};
  for (const block of blocks) {
    const [word = '', second] = argumentsOf(block);
    if (word === 'internal' || second !== undefined) https = { certificate: 'none' };
    if (word === 'off') https = { certificate: 'none', redirect: 0 };
    if (word === 'force_automate') https = { certificate: 'acme' };
    if (second !== undefined)
      report.note(block, 'files of certificates', 'a folder of certificates: DOCKER_PROXY_SSL_PATH');
    if (word.includes('@')) report.note(block, 'an address for the authority', 'acme.email in dproxy.yml');
    for (const child of block.children) readLine(child, report);
  }
  return https;
}

function readLine(block: Block, report: Report): void {
  const name = nameOf(block);
  const instead = ISSUANCE.get(name);
  if (instead !== undefined) report.note(block, `${name} of tls`, instead);
  else if (name === 'client_auth')
    report.refuse(block, 'client certificates', 'clientCertificates under tls.hosts in dproxy.yml');
  else report.refuse(block, `${name} of tls`, 'internal');
}
