import type { Found } from './found-pair.ts';
import { ImportError, type SourceTree } from './source-tree.ts';

const MAX_BYTES = 52_428_800;

/**
 * Traefik's acme.json: `{<resolver>: {Account, Certificates: [{domain: {main, sans}, certificate, key, Store}]}}` with PEM in
 * base64 (v2, v3); v1 has one `{Account, Certificates}` and capital letters.
 *
 * @returns undefined when it is something else
 * @throws ImportError, SourceProblem
 */
export async function readAcmeJson(tree: SourceTree, path: string): Promise<readonly Found[] | undefined> {
  const text = await tree.read(path, MAX_BYTES);
  const stores = storesOf(parse(text, path === '' ? tree.root : path));
  if (stores === undefined) return undefined;
  return stores.flatMap(([resolver, certificates]) =>
    certificates.map((certificate, index) => toFound(certificate, `${resolver}, certificate ${index + 1}`)),
  );
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without its cause: the message of a SyntaxError quotes the text, which holds keys.
    throw new ImportError(`${path} is no JSON; expected acme.json of Traefik, or a folder of certificates`);
  }
}

function storesOf(value: unknown): readonly (readonly [string, readonly unknown[]])[] | undefined {
  if (!isObject(value)) return undefined;
  if (isStore(value)) return [['acme.json', certificatesOf(value)]];
  const stores = Object.entries(value).filter(([, store]) => isObject(store) && isStore(store));
  return stores.length === 0 ? undefined : stores.map(([name, store]) => [name, certificatesOf(store)]);
}

function isStore(value: object): boolean {
  return 'Certificates' in value || 'Account' in value;
}

function certificatesOf(store: unknown): readonly unknown[] {
  const certificates = isObject(store) ? store['Certificates'] : undefined;
  return Array.isArray(certificates) ? certificates : [];
}

function toFound(value: unknown, source: string): Found {
  const entry = isObject(value) ? value : {};
  const certificate = entry['certificate'] ?? entry['Certificate'];
  const key = entry['key'] ?? entry['Key'];
  if (typeof certificate !== 'string' || typeof key !== 'string') {
    return { source, problem: 'the entry has no certificate and key', isFailure: false };
  }
  return { source, certificatePem: decode(certificate), keyPem: decode(key), chainPem: '' };
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
