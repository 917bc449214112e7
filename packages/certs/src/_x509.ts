// The dependency injection inside @peculiar/x509 needs this polyfill to be there before it is loaded.
import 'reflect-metadata';
import { webcrypto, type X509Certificate } from 'node:crypto';
import { cryptoProvider, SubjectAlternativeNameExtension, X509Certificate as Parsed } from '@peculiar/x509';

cryptoProvider.set(webcrypto);

export * from '@peculiar/x509';

/**
 * DNS names of a certificate, lower case. Read from the extension's structure, not from Node's one-line text of it, in
 * which a crafted name can look like two (CVE-2021-44532).
 */
export function dnsNames(certificate: X509Certificate): readonly string[] {
  const extension = new Parsed(certificate.raw).getExtension(SubjectAlternativeNameExtension);
  const names = extension?.names.items.filter((name) => name.type === 'dns') ?? [];
  return [...new Set(names.map((name) => name.value.toLowerCase()))];
}
