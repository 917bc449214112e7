import type { Found } from './found-pair.ts';
import { LAYOUTS, type PairPaths } from './layouts.ts';
import { ImportError, SourceProblem, SourceTree } from './source-tree.ts';
import { readAcmeJson } from './traefik.ts';

export interface FoundCertificates {
  /** Whose layout it is: `traefik`, `certbot`, `nginx-proxy`, ... Never empty. */
  readonly layouts: readonly string[];
  readonly found: readonly Found[];
}

const MAX_CERTIFICATES = 10_000;
/** A chain of ten certificates is below 40 KiB. */
const MAX_FILE_BYTES = 262_144;
const EXPECTED =
  "expected Traefik's acme.json, or a folder of nginx-proxy (<host>.crt and .key), certbot (live/), Caddy (certificates/), " +
  'acme.sh or lego';

/** All certificates that a neighbour has stored at this path. @throws ImportError */
export async function findCertificates(path: string): Promise<FoundCertificates> {
  const tree = await SourceTree.open(path);
  const result = tree.isFile ? await readFile(tree, path) : await readFolder(tree);
  if (result === undefined) throw new ImportError(`no certificates were recognised in ${path}; ${EXPECTED}`);
  if (result.found.length > MAX_CERTIFICATES) {
    throw new ImportError(`${path} has ${result.found.length} certificates; expected ${MAX_CERTIFICATES} at most`);
  }
  return result;
}

async function readFile(tree: SourceTree, path: string): Promise<FoundCertificates | undefined> {
  try {
    const found = await readAcmeJson(tree, '');
    return found && { layouts: ['traefik'], found };
  } catch (cause) {
    if (cause instanceof SourceProblem) throw new ImportError(`${path}: ${cause.message}`, { cause });
    throw cause;
  }
}

async function readFolder(tree: SourceTree): Promise<FoundCertificates | undefined> {
  const layouts: string[] = [];
  const found: Found[] = [];
  if ((await tree.list('.')).includes('acme.json')) {
    const certificates = await readAcmeJsonOrProblem(tree);
    if (certificates !== undefined) {
      layouts.push('traefik');
      found.push(...certificates);
    }
  }
  const pairs = new Map<string, PairPaths>();
  for (const layout of LAYOUTS) {
    // oxlint-disable-next-line no-await-in-loop -- a disk is not faster in parallel
    if (await addPairs(tree, await layout.find(tree), pairs)) layouts.push(layout.name);
  }
  // oxlint-disable-next-line no-await-in-loop -- likewise
  for (const paths of pairs.values()) found.push(await readPaths(tree, paths));
  return layouts.length === 0 ? undefined : { layouts, found };
}

/** Two names of one file, by a link or by two layouts, are one certificate. @returns whether there was a new one */
async function addPairs(tree: SourceTree, more: readonly PairPaths[], pairs: Map<string, PairPaths>): Promise<boolean> {
  const before = pairs.size;
  for (const paths of more) {
    // oxlint-disable-next-line no-await-in-loop -- a disk is not faster in parallel
    const identity = await tree.identity(paths.certificate);
    const known = pairs.get(identity) ?? paths;
    pairs.set(identity, known.chain === '' ? { ...known, chain: paths.chain } : known);
  }
  if (pairs.size > MAX_CERTIFICATES) {
    throw new ImportError(`${pairs.size} certificates were found; expected ${MAX_CERTIFICATES} at most`);
  }
  return pairs.size > before;
}

async function readAcmeJsonOrProblem(tree: SourceTree): Promise<readonly Found[] | undefined> {
  try {
    return await readAcmeJson(tree, 'acme.json');
  } catch (cause) {
    if (!(cause instanceof SourceProblem)) throw cause;
    return [{ source: 'acme.json', problem: cause.message, isFailure: true }];
  }
}

async function readPaths(tree: SourceTree, paths: PairPaths): Promise<Found> {
  let path = paths.certificate;
  try {
    const certificatePem = await tree.read(path, MAX_FILE_BYTES);
    path = paths.key;
    const keyPem = await tree.read(path, MAX_FILE_BYTES);
    path = paths.chain;
    const chainPem = path === '' ? '' : await readIfThere(tree, path);
    return { source: paths.certificate, certificatePem, keyPem, chainPem };
  } catch (cause) {
    if (!(cause instanceof SourceProblem)) throw cause;
    const problem = path === paths.certificate ? cause.message : `${path}: ${cause.message}`;
    return { source: paths.certificate, problem, isFailure: cause.kind === 'unreadable' };
  }
}

/** Intermediates in a file of their own: a certificate can do without. */
async function readIfThere(tree: SourceTree, path: string): Promise<string> {
  try {
    return await tree.read(path, MAX_FILE_BYTES);
  } catch (cause) {
    if (cause instanceof SourceProblem && cause.kind !== 'unreadable') return '';
    throw cause;
  }
}
