import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@dproxy/core';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from './_x509.ts';
import { writeDurably } from './durable-file.ts';

/** What signs the leafs. */
export interface Root {
  readonly certificatePem: string;
  readonly key: CryptoKey;
  readonly notAfterMs: number;
}

export const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;
export const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
export const DAY_MS = 86_400_000;
const ROOT_DAYS = 3_650;
/** A root that ends sooner than this could not sign a leaf of full length; it is replaced. */
const ROOT_RESERVE_DAYS = 397;

/**
 * Loads the root from `directory` (mode 0700), or makes one when there is none or when the one there is about to end. The
 * old one is then kept beside it, so that a person can see which one the clients trust.
 * @throws Error when the files are damaged. They are not replaced silently: whoever trusts that root has to know.
 */
export async function openRoot(directory: string, nowMs: number, log: Log): Promise<Root> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const existing = await loadRoot(directory, log);
  if (existing === undefined) return createRoot(directory, nowMs, log);
  if (existing.notAfterMs - nowMs > ROOT_RESERVE_DAYS * DAY_MS) return existing;
  const kept = join(directory, `root-${existing.notAfterMs}.crt`);
  await rename(join(directory, 'root.crt'), kept);
  log.warn({ kept }, 'the local CA is about to end: a new one takes its place and has to be trusted by clients');
  return createRoot(directory, nowMs, log);
}

/** The key is written before the certificate: where there is a certificate, its key is there too. */
async function createRoot(directory: string, nowMs: number, log: Log): Promise<Root> {
  const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const notAfterMs = nowMs + ROOT_DAYS * DAY_MS;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ O: ['dproxy local CA'] }, { CN: [commonName()] }],
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(notAfterMs),
    keys,
    signingAlgorithm: SIGNATURE,
    extensions: [
      // Path length 0: this root signs leafs only. There are no name constraints, because it stands in for every routed
      // host that has no other certificate, public names too. So the key file is worth as much as all sites that a
      // machine which trusts this root visits: trust it on the machine it was made on, or not at all.
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const keyPem = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({
    type: 'pkcs8',
    format: 'pem',
  });
  await writeDurably(join(directory, 'root.key'), keyPem);
  const certificatePem = `${certificate.toString('pem')}\n`;
  await writeDurably(join(directory, 'root.crt'), certificatePem);
  log.info(
    { file: join(directory, 'root.crt') },
    'a local CA was made; trust this file to get rid of browser warnings',
  );
  return { certificatePem, key: keys.privateKey, notAfterMs };
}

async function loadRoot(directory: string, log: Log): Promise<Root | undefined> {
  const certificatePath = join(directory, 'root.crt');
  const keyPath = join(directory, 'root.key');
  const certificatePem = await readIfThere(certificatePath);
  if (certificatePem === undefined) return undefined;
  try {
    await tighten(keyPath, log);
    const certificate = new X509Certificate(certificatePem);
    const key = createPrivateKey(await readFile(keyPath, 'utf8'));
    if (!certificate.ca) throw new Error('the certificate is not one of an authority');
    if (!certificate.checkPrivateKey(key)) throw new Error('the key belongs to another certificate');
    const imported = key.toCryptoKey(P256, false, ['sign']);
    return { certificatePem, key: imported, notAfterMs: certificate.validToDate.getTime() };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `the local CA in ${directory} is damaged: ${reason}; expected a P-256 certificate in root.crt and its key in root.key. ` +
        'Restore both, or remove both: a new one is made at the next start and has to be trusted anew',
      { cause },
    );
  }
}

/** threats.md row 50: whoever reads this key can be any site for those who trust the root. */
async function tighten(keyPath: string, log: Log): Promise<void> {
  const { mode } = await stat(keyPath);
  if ((mode & 0o077) === 0) return;
  await chmod(keyPath, 0o600);
  log.warn(
    { file: keyPath, mode: (mode & 0o777).toString(8) },
    'the key of the local CA was readable by others; closed',
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}

/** Tells roots of several machines apart in a trust store; at most 64 characters (RFC 5280 appendix A.1, ub-common-name). */
function commonName(): string {
  return `dproxy local CA ${hostname()}`.slice(0, 64);
}

/** 126 random bits, positive and never zero (RFC 5280 section 4.1.2.2), in hex. */
export function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
