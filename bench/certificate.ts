import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of a self-signed certificate for bench.test (ECDSA P-256, as certificate authorities issue them today). */
export interface BenchCertificate {
  readonly certificate: string;
  readonly key: string;
  /** Both in one file, as HAProxy wants them. */
  readonly combined: string;
}

export function makeCertificate(folder: string): BenchCertificate {
  const [certificate, key, combined] = ['bench.crt', 'bench.key', 'bench.pem'].map((name) => join(folder, name));
  if (certificate === undefined || key === undefined || combined === undefined) throw new Error('three paths');
  const subject = ['-subj', '/CN=bench.test', '-addext', 'subjectAltName=DNS:bench.test', '-days', '2'];
  const keys = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key];
  execFileSync('openssl', ['req', '-x509', ...keys, '-out', certificate, ...subject], { stdio: 'ignore' });
  writeFileSync(combined, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
  return { certificate, key, combined };
}
