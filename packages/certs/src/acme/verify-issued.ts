import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { dnsNames } from '../_x509.ts';
import { ownProblem } from './acme-problem.ts';
import { canonicalName } from './identifiers.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const MAX_CHAIN = 10;

/**
 * What came is what was ordered: leaf first, our key, our names. The rest of the chain is the authority's affair: RFC 8555
 * section 9.1 does not bind it to one order.
 * @returns the chain, in one spelling of PEM. @throws AcmeProblemError
 */
export function verifyIssued(pem: unknown, keyPem: string, names: readonly string[]): string {
  const blocks = typeof pem === 'string' ? (pem.match(BLOCK) ?? []) : [];
  if (blocks.length > MAX_CHAIN) throw ownProblem(`the authority sent a chain of ${blocks.length} certificates`);
  const chain = blocks.map(parse);
  const [leaf] = chain;
  if (leaf === undefined) throw ownProblem('the authority sent no certificate');
  if (!leaf.checkPrivateKey(createPrivateKey(keyPem))) throw ownProblem('the certificate is for another key');
  const missing = names.map(canonicalName).filter((name) => !isNamed(leaf, name));
  if (missing.length > 0) throw ownProblem(`the certificate does not name ${missing.join(', ')}`);
  return chain.map((certificate) => certificate.toString()).join('');
}

function parse(block: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch {
    throw ownProblem('the authority sent a certificate that cannot be parsed');
  }
}

function isNamed(leaf: X509Certificate, name: string): boolean {
  return isIP(name) === 0 ? dnsNames(leaf).includes(name) : leaf.checkIP(name) !== undefined;
}
