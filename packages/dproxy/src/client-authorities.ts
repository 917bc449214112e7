import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { TlsHostSettings } from '@dproxy/config';
import type { Rejection, TlsPolicy } from '@dproxy/core';

export interface TlsPolicies {
  readonly policies: readonly TlsPolicy[];
  readonly rejected: readonly Rejection[];
}

/** It travels to every worker. */
const MAX_BYTES = 262_144;
const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';

/**
 * The policies of hosts, with the authorities that their files hold. A file that cannot be used leaves what its host had last;
 * without that nobody gets in by `require`, and nobody's certificate counts for `optional`.
 */
export class ClientAuthorities {
  /** The last good ones, by host. */
  #known = new Map<string, string>();

  /** @param source dproxy.yml, for rejections */
  async read(hosts: readonly TlsHostSettings[], source: string): Promise<TlsPolicies> {
    const known = new Map<string, string>();
    const rejected: Rejection[] = [];
    const policies: TlsPolicy[] = [];
    const files = new Map<string, Promise<string | Unusable>>();
    for (const { host, profile, clientCertificates, caFile, line } of hosts) {
      const isAsking = clientCertificates !== 'none' && caFile !== '';
      const file = files.get(caFile) ?? (isAsking ? readAuthorities(caFile) : Promise.resolve(''));
      files.set(caFile, file);
      // oxlint-disable-next-line no-await-in-loop -- a few small files
      const read = await file;
      const pem = typeof read === 'string' ? read : (this.#known.get(host) ?? '');
      if (typeof read !== 'string') rejected.push(rejection(read, { source, line, host, hasLast: pem !== '' }));
      if (pem !== '') known.set(host, pem);
      policies.push(policyOf({ host, profile, clientCertificates }, pem));
    }
    this.#known = known;
    return { policies, rejected };
  }
}

function policyOf(
  { host: id, profile, clientCertificates }: Pick<TlsHostSettings, 'host' | 'profile' | 'clientCertificates'>,
  clientCaPem: string,
): TlsPolicy {
  // Without an authority a certificate that a client chooses to show would prove nothing, so none is asked for.
  if (clientCaPem === '' && clientCertificates === 'optional')
    return { id, profile, clientCertificates: 'none', clientCaPem };
  return { id, profile, clientCertificates, clientCaPem };
}

interface Unusable {
  readonly caFile: string;
  readonly problem: string;
}

/** The certificates alone: a key that somebody has put into the file stays here. */
async function readAuthorities(caFile: string): Promise<string | Unusable> {
  try {
    const stats = await stat(caFile);
    if (!stats.isFile()) return { caFile, problem: 'it is not a file' };
    if (stats.size > MAX_BYTES) return { caFile, problem: `it has ${stats.size} bytes` };
    const certificates = certificatesIn(await readFile(caFile, 'utf8'));
    // Each must be one: OpenSSL would take those before the bad one, and leave out the rest without a word.
    certificates.forEach((certificate) => parse(certificate));
    if (certificates.length === 0) return { caFile, problem: 'it has no certificate in PEM' };
    return certificates.join('');
  } catch (error) {
    return { caFile, problem: (error as Error).message };
  }
}

/** @throws Error */
function parse(pem: string): X509Certificate {
  return new X509Certificate(pem);
}

function certificatesIn(text: string): string[] {
  return text
    .split(BEGIN)
    .slice(1)
    .map((part) => {
      const end = part.indexOf(END);
      return `${BEGIN}${end === -1 ? part : part.slice(0, end)}${END}\n`;
    });
}

interface Place {
  readonly source: string;
  readonly line: number;
  readonly host: string;
  readonly hasLast: boolean;
}

function rejection({ caFile, problem }: Unusable, { source, line, host, hasLast }: Place): Rejection {
  const outcome = hasLast
    ? 'the last good ones stay in force'
    : 'no client certificate counts, and by require nobody gets in';
  return {
    source,
    line,
    column: 0,
    message: `tls.hosts: the client authorities of ${host} in ${caFile} cannot be used (${problem}); ${outcome}`,
    expected: 'a PEM file of at most 256 KiB with the certificates of the authorities',
  };
}
