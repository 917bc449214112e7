import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { CertificateMaterial } from '@dproxy/core';
import { type AlternativeNames, alternativeNames } from './_x509.ts';

/** A certificate and key that have passed every check, ready to be served. */
export interface CertificatePair {
  readonly material: CertificateMaterial;
  /** DNS names of the leaf, lower case. */
  readonly names: readonly string[];
  /** Epoch milliseconds. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Why a certificate and key cannot be served; `part` says in which of the two files. */
export class PairError extends Error {
  override readonly name = 'PairError';
  readonly part: 'certificate' | 'key';
  readonly expected: string;

  constructor(part: 'certificate' | 'key', message: string, expected: string, options?: ErrorOptions) {
    super(message, options);
    this.part = part;
    this.expected = expected;
  }
}

const EXPECTED_NAMES = 'DNS names in subjectAltName: clients do not look at the common name (RFC 9525)';
const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** Longer chains than this do not exist in practice; a bundle of all root authorities put here by mistake has 140. */
const MAX_CHAIN = 10;

/**
 * Reads a PEM chain (leaf first) and its PEM key, and checks what a worker would stumble over later: that all parse, that
 * the key belongs to the leaf, that the dates hold at `nowMs`, and that OpenSSL itself accepts both (it refuses short keys).
 * @throws PairError
 */
export function readPair(certificatePem: string, keyPem: string, nowMs: number): CertificatePair {
  const { leaf, material, names } = inspectPair(certificatePem, keyPem);
  if (names.length === 0) throw new PairError('certificate', 'the certificate names no host', EXPECTED_NAMES);
  assertDates(leaf, nowMs);
  return { material, names, notBeforeMs: leaf.validFromDate.getTime(), notAfterMs: leaf.validToDate.getTime() };
}

/** What a pair is, whatever the time: an expired one too, and one that names addresses only (RFC 8738). */
export interface InspectedPair extends AlternativeNames {
  readonly leaf: X509Certificate;
  readonly material: CertificateMaterial;
}

/**
 * All checks of `readPair` but for the dates and that there is a DNS name.
 * @throws PairError
 */
export function inspectPair(certificatePem: string, keyPem: string): InspectedPair {
  const chain = parseChain(certificatePem);
  const leaf = chain[0];
  if (leaf === undefined) {
    throw new PairError('certificate', 'no certificate in the file', 'PEM text with -----BEGIN CERTIFICATE-----');
  }
  const key = parseKey(keyPem);
  assertMatch(chain, key);
  const names = namesOf(leaf);
  const material = {
    id: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    certificatePem: chain.map((certificate) => certificate.toString()).join(''),
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }),
  };
  assertServable(material);
  return { leaf, material, ...names };
}

function parseChain(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(CERTIFICATE_BLOCK) ?? [];
  const begun = pem.split('CERTIFICATE-----').length - 1;
  if (begun !== blocks.length * 2) {
    throw new PairError('certificate', 'a certificate in the file is cut off', 'whole PEM blocks, leaf first');
  }
  if (blocks.length > MAX_CHAIN) {
    throw new PairError('certificate', `${blocks.length} certificates in the file`, `at most ${MAX_CHAIN}, leaf first`);
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      const which = index === 0 ? 'the certificate' : `certificate ${index + 1} of the chain`;
      throw new PairError('certificate', `${which} cannot be parsed`, 'an X.509 certificate in PEM', { cause });
    }
  });
}

function parseKey(pem: string): KeyObject {
  if (!pem.includes('PRIVATE KEY-----')) {
    throw new PairError('key', 'no private key in the file', 'PEM text with -----BEGIN PRIVATE KEY-----');
  }
  if (pem.includes('ENCRYPTED')) {
    throw new PairError('key', 'the key is protected by a passphrase', 'a key without one, readable by its owner only');
  }
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new PairError('key', 'the key cannot be parsed', 'an RSA, ECDSA or Ed25519 key in PEM', { cause });
  }
}

function assertMatch(chain: readonly X509Certificate[], key: KeyObject): void {
  const index = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (index === 0) return;
  throw index > 0
    ? new PairError('certificate', `the key belongs to certificate ${index + 1} of the file`, 'the leaf first')
    : new PairError('key', 'the key belongs to another certificate', 'the key that the certificate was made with');
}

function assertDates(leaf: X509Certificate, nowMs: number): void {
  const { validFromDate: from, validToDate: to } = leaf;
  if (nowMs > to.getTime()) {
    throw new PairError(
      'certificate',
      `the certificate expired at ${to.toISOString()}`,
      'a certificate that is valid now',
    );
  }
  if (nowMs < from.getTime()) {
    const message = `the certificate is not valid before ${from.toISOString()}`;
    throw new PairError('certificate', message, 'a certificate that is valid now, and a clock that is right');
  }
}

function namesOf(leaf: X509Certificate): AlternativeNames {
  try {
    return alternativeNames(leaf);
  } catch (cause) {
    const message = 'the names of the certificate cannot be parsed';
    throw new PairError('certificate', message, EXPECTED_NAMES, { cause });
  }
}

function assertServable(material: CertificateMaterial): void {
  try {
    createSecureContext({ cert: material.certificatePem, key: material.keyPem });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PairError('certificate', `OpenSSL refuses it: ${reason}`, 'RSA of 2048 bits or more, ECDSA or Ed25519', {
      cause,
    });
  }
}
