import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { dnsNames } from '../_x509.ts';
import { ownProblem } from './acme-problem.ts';
import { canonicalName } from './identifiers.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const MAX_CHAIN = 10;

/**
 * What came is what was ordered: leaf first, each certificate signed by the next, our key, our names.
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
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer !== undefined && !certificate.verify(issuer.publicKey)) {
      throw ownProblem(`certificate ${index + 1} of the chain is not signed by the next`);
    }
  }
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
