import { X509Certificate } from 'node:crypto';
import { canonicalHost } from '@dproxy/core';
import { type InspectedPair, inspectPair, PairError } from '../certificate-pair.ts';
import type { FoundPair } from './found-pair.ts';

/** A pair that could be served, or why not. */
export interface JudgedPair {
  readonly names: readonly string[];
  /** Common name of the issuer, or its organisation. Empty: not known. */
  readonly issuer: string;
  /** Epoch milliseconds; 0: not known. */
  readonly notAfterMs: number;
  /** Why it is of no use; empty: it is. */
  readonly problem: string;
  /** Fingerprint; empty where there is none. */
  readonly id: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Authorities that no client trusts by itself: whoever made them made them for tests. */
const TEST_ISSUERS = /^\(STAGING\)|\bFake LE\b|\bhappy hacker\b|\bPebble\b|\bTest\d* CA\b/i;
/** Roots of one machine: dproxy has its own for what no authority certifies. */
const LOCAL_ISSUERS = /\bCaddy Local Authority\b|\bmkcert\b|\bdproxy local\b/i;

export function judgePair(found: FoundPair, nowMs: number): JudgedPair {
  let pair: InspectedPair;
  try {
    pair = inspectPair(found.certificatePem, found.keyPem);
  } catch (cause) {
    if (!(cause instanceof PairError)) throw cause;
    return { ...UNKNOWN, ...described(found.certificatePem), problem: cause.message };
  }
  const { leaf, material } = pair;
  return {
    ...factsOf(leaf, [...pair.names, ...pair.addresses]),
    problem: problemOf(pair, nowMs),
    id: material.id,
    certificatePem: material.certificatePem + missingChain(found, leaf),
    keyPem: material.keyPem,
  };
}

const UNKNOWN: JudgedPair = {
  names: [],
  issuer: '',
  notAfterMs: 0,
  problem: '',
  id: '',
  certificatePem: '',
  keyPem: '',
};

/** Says whose it is also where the key does not fit. */
function described(certificatePem: string): Pick<JudgedPair, 'names' | 'issuer' | 'notAfterMs'> | undefined {
  try {
    const leaf = new X509Certificate(certificatePem);
    const commonName = subjectOf(leaf.subject);
    return factsOf(leaf, commonName === '' ? [] : [commonName]);
  } catch {
    // Nothing can be read from it: the problem that is told already is that.
    return undefined;
  }
}

function factsOf(leaf: X509Certificate, names: readonly string[]): Pick<JudgedPair, 'names' | 'issuer' | 'notAfterMs'> {
  return { names, issuer: subjectOf(leaf.issuer), notAfterMs: leaf.validToDate.getTime() };
}

function problemOf({ leaf, names, addresses }: InspectedPair, nowMs: number): string {
  if (names.length + addresses.length === 0) return 'it names no host: there is no subjectAltName';
  const stranger = names.find((name) => canonicalHost(name) !== name);
  if (stranger !== undefined) return `it names ${JSON.stringify(stranger)}, which is no host`;
  if (leaf.issuer === leaf.subject && leaf.verify(leaf.publicKey))
    return 'self-signed: the local CA of dproxy does that';
  if (LOCAL_ISSUERS.test(leaf.issuer)) return 'from a CA of one machine: the local CA of dproxy does that';
  if (TEST_ISSUERS.test(subjectOf(leaf.issuer)) || TEST_ISSUERS.test(organisationOf(leaf.issuer))) {
    return 'from a staging CA: no client trusts it';
  }
  if (leaf.validToDate.getTime() < nowMs) return `expired at ${leaf.validToDate.toISOString()}`;
  if (leaf.validFromDate.getTime() > nowMs) return `not valid before ${leaf.validFromDate.toISOString()}`;
  return '';
}

/** nginx-proxy and lego may keep the intermediates apart; without them many clients do not find the way to the root. */
function missingChain({ certificatePem, chainPem }: FoundPair, leaf: X509Certificate): string {
  if (chainPem === '' || certificatePem.split('BEGIN CERTIFICATE').length > 2) return '';
  try {
    const issuer = new X509Certificate(chainPem);
    return leaf.checkIssued(issuer) ? chainPem : '';
  } catch {
    // A chain that cannot be read is as good as none; the certificate was served without it until now.
    return '';
  }
}

/** Common name, else organisation, of Node's lines `CN=...`. */
function subjectOf(lines: string): string {
  return attribute(lines, 'CN') || attribute(lines, 'O');
}

function organisationOf(lines: string): string {
  return attribute(lines, 'O');
}

function attribute(lines: string, name: string): string {
  return (
    lines
      .split('\n')
      .find((line) => line.startsWith(`${name}=`))
      ?.slice(name.length + 1) ?? ''
  );
}
