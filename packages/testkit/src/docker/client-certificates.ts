import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../run-command.ts';

/**
 * Writes what `dockerd --tlsverify` and its clients need into a folder: `ca.pem`, `server.pem`, `server-key.pem`, and the
 * names that the docker client expects, `cert.pem` and `key.pem`. The server's certificate is for 127.0.0.1 and localhost.
 */
export async function makeEngineCertificates(folder: string): Promise<void> {
  const file = (name: string): string => join(folder, name);
  await openssl(
    'req',
    '-x509',
    '-subj',
    '/CN=dproxy test engine CA',
    '-days',
    '2',
    ...newKey(file('ca-key.pem')),
    '-out',
    file('ca.pem'),
  );
  await issue(folder, { name: 'server', key: 'server-key', subject: '/CN=localhost', extensions: SERVER });
  await issue(folder, { name: 'cert', key: 'key', subject: '/CN=dproxy', extensions: CLIENT });
}

const SERVER = 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n';
const CLIENT = 'extendedKeyUsage=clientAuth\n';

interface Issue {
  readonly name: string;
  readonly key: string;
  readonly subject: string;
  readonly extensions: string;
}

async function issue(folder: string, { name, key, subject, extensions }: Issue): Promise<void> {
  const request = join(folder, `${name}.csr`);
  const extensionFile = join(folder, `${name}.ext`);
  await writeFile(extensionFile, extensions);
  await openssl('req', '-new', '-subj', subject, ...newKey(join(folder, `${key}.pem`)), '-out', request);
  const signer = ['-CA', join(folder, 'ca.pem'), '-CAkey', join(folder, 'ca-key.pem'), '-CAcreateserial'];
  const output = ['-extfile', extensionFile, '-days', '2', '-out', join(folder, `${name}.pem`)];
  await openssl('x509', '-req', '-in', request, ...signer, ...output);
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file];
}

async function openssl(...args: string[]): Promise<void> {
  await runCommand('openssl', args);
}
