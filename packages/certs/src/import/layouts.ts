import { join } from 'node:path';
import type { SourceTree } from './source-tree.ts';

/** Where one certificate of a folder is; paths within the tree. */
export interface PairPaths {
  readonly certificate: string;
  readonly key: string;
  /** Empty: none. */
  readonly chain: string;
}

/** How a neighbour stores its certificates. */
export interface Layout {
  readonly name: string;
  /** Empty: not this layout. */
  readonly find: (tree: SourceTree) => Promise<readonly PairPaths[]>;
}

/** Recognised by what is in the folders. One folder can be of several, such as one for nginx with certbot's below it. */
export const LAYOUTS: readonly Layout[] = [
  { name: 'certbot', find: findCertbot },
  { name: 'caddy', find: findCaddy },
  { name: 'acme.sh', find: findAcmeSh },
  { name: 'lego', find: findLego },
  { name: 'nginx-proxy', find: findNginxProxy },
];

/** `live/<name>/{fullchain,privkey}.pem`; `archive` has the old ones. The path may be `live` itself, or one folder in it. */
async function findCertbot(tree: SourceTree): Promise<readonly PairPaths[]> {
  const isOne = (files: readonly string[]) => files.includes('fullchain.pem') && files.includes('privkey.pem');
  const toPair = (folder: string) => pair(join(folder, 'fullchain.pem'), join(folder, 'privkey.pem'));
  if (isOne(await tree.list('.'))) return [toPair('.')];
  const found: PairPaths[] = [];
  for (const parent of ['live', '.']) {
    for (const name of await tree.list(parent)) {
      const folder = join(parent, name);
      // oxlint-disable-next-line no-await-in-loop -- a disk is not faster in parallel
      if (isOne(await tree.list(folder))) found.push(toPair(folder));
    }
  }
  return found;
}

/** `certificates/<authority>/<name>/<name>.{crt,key,json}`, below Caddy's data folder or the volume around it. */
async function findCaddy(tree: SourceTree): Promise<readonly PairPaths[]> {
  const found: PairPaths[] = [];
  for (const parent of ['certificates', 'caddy/certificates', 'data/caddy/certificates', '.']) {
    for (const authority of await tree.list(parent)) {
      const authorityFolder = join(parent, authority);
      // oxlint-disable no-await-in-loop -- a disk is not faster in parallel
      for (const name of await tree.list(authorityFolder)) {
        const folder = join(authorityFolder, name);
        const files = await tree.list(folder);
        if (!files.includes(`${name}.crt`) || !files.includes(`${name}.key`)) continue;
        found.push(pair(join(folder, `${name}.crt`), join(folder, `${name}.key`)));
      }
      // oxlint-enable no-await-in-loop
    }
  }
  return found;
}

/** `<name>/{fullchain.cer,<name>.key}`, with `_ecc` behind the folder's name for ECDSA. */
async function findAcmeSh(tree: SourceTree): Promise<readonly PairPaths[]> {
  const found: PairPaths[] = [];
  for (const name of await tree.list('.')) {
    // oxlint-disable-next-line no-await-in-loop -- a disk is not faster in parallel
    const files = await tree.list(name);
    const key = `${name.replace(/_ecc$/, '')}.key`;
    if (files.includes('fullchain.cer') && files.includes(key)) {
      found.push(pair(join(name, 'fullchain.cer'), join(name, key)));
    }
  }
  return found;
}

/** `certificates/<name>.{crt,key,json,issuer.crt}`. */
async function findLego(tree: SourceTree): Promise<readonly PairPaths[]> {
  const found: PairPaths[] = [];
  for (const folder of ['certificates', '.']) {
    // oxlint-disable-next-line no-await-in-loop -- two of them
    const files = new Set(await tree.list(folder));
    for (const name of namesWith(files, '.json')) {
      if (!files.has(`${name}.crt`) || !files.has(`${name}.key`)) continue;
      const chain = files.has(`${name}.issuer.crt`) ? join(folder, `${name}.issuer.crt`) : '';
      found.push(pair(join(folder, `${name}.crt`), join(folder, `${name}.key`), chain));
    }
  }
  return found;
}

/**
 * `<host>.{crt,key,chain.pem}`, often links into `<host>/{fullchain,key,chain}.pem`; what `CERT_NAME` shares is a file, too.
 * `ca.crt` and `<host>.ca.crt` are for client certificates, `<host>.issuer.crt` is lego's: they have no keys.
 */
async function findNginxProxy(tree: SourceTree): Promise<readonly PairPaths[]> {
  const files = new Set(await tree.list('.'));
  const names = namesWith(files, '.crt').filter((name) => files.has(`${name}.key`));
  const chainOf = (name: string) => (files.has(`${name}.chain.pem`) ? `${name}.chain.pem` : '');
  const found = names.map((name) => pair(`${name}.crt`, `${name}.key`, chainOf(name)));
  for (const folder of files) {
    // oxlint-disable-next-line no-await-in-loop -- a disk is not faster in parallel
    const inside = await tree.list(folder);
    if (inside.includes('fullchain.pem') && inside.includes('key.pem')) {
      found.push(pair(join(folder, 'fullchain.pem'), join(folder, 'key.pem')));
    }
  }
  return found;
}

function namesWith(files: ReadonlySet<string>, ending: string): readonly string[] {
  return [...files].filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
}

function pair(certificate: string, key: string, chain = ''): PairPaths {
  return { certificate, key, chain };
}
