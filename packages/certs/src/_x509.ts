// The dependency injection inside @peculiar/x509 needs this polyfill to be there before it is loaded.
import 'reflect-metadata';
import { webcrypto, type X509Certificate } from 'node:crypto';
import { cryptoProvider, SubjectAlternativeNameExtension, X509Certificate as Parsed } from '@peculiar/x509';

cryptoProvider.set(webcrypto);

export * from '@peculiar/x509';

/** DNS names of a certificate, lower case. */
export function dnsNames(certificate: X509Certificate): readonly string[] {
  return alternativeNames(certificate).names;
}

export interface AlternativeNames {
  /** DNS names, lower case. */
  readonly names: readonly string[];
  /** IP addresses, as RFC 5952 writes them. */
  readonly addresses: readonly string[];
}

/**
 * What a certificate is for. Read from the extension's structure, not from Node's one-line text of it, in which a crafted
 * name can look like two (CVE-2021-44532).
 */
export function alternativeNames(certificate: X509Certificate): AlternativeNames {
  const items = new Parsed(certificate.raw).getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const valuesOf = (type: 'dns' | 'ip') => [
    ...new Set(items.filter((name) => name.type === type).map((name) => name.value.toLowerCase())),
  ];
  return { names: valuesOf('dns'), addresses: valuesOf('ip') };
}
