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
  return alternativeNames(certificate, 'dns');
}

/** IP addresses of a certificate, as RFC 5952 writes them. */
export function addressNames(certificate: X509Certificate): readonly string[] {
  return alternativeNames(certificate, 'ip');
}

function alternativeNames(certificate: X509Certificate, type: 'dns' | 'ip'): readonly string[] {
  const extension = new Parsed(certificate.raw).getExtension(SubjectAlternativeNameExtension);
  const names = extension?.names.items.filter((name) => name.type === type) ?? [];
  return [...new Set(names.map((name) => name.value.toLowerCase()))];
}
