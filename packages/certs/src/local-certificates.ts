import type { CertificateMaterial, CertificateRef, Log } from '@dproxy/core';
import { certificatesFor } from './certificates-for.ts';
import type { LocalAuthority, LocalCertificate } from './local-authority.ts';

/** Certificates as the Snapshot and the workers take them. */
export interface CertificateSet {
  readonly refs: readonly CertificateRef[];
  readonly material: ReadonlyMap<string, CertificateMaterial>;
}

/** Signing runs in the thread pool, which has four threads; more at once would only hold back its other users. */
const CONCURRENCY = 4;

/** Each report is a new table for every worker. */
const PROGRESS_LEAFS = 500;

/**
 * Issues a leaf for loopback and for every host that no file certificate stands for; leafs of hosts that are gone are
 * forgotten. To be called whenever hosts or file certificates change, and twice a day, for the sake of renewal. The leaf
 * for loopback, which serves clients without SNI, is the first ref. A host whose leaf cannot be issued is logged and left out.
 */
export async function coverHosts(
  authority: LocalAuthority,
  hosts: Iterable<string>,
  options: {
    readonly fileRefs: Iterable<CertificateRef>;
    readonly log: Log;
    /** Called with what there is so far, about once a second's worth of signing: the first hosts need not wait for the last. */
    readonly progress?: (soFar: CertificateSet) => void;
  },
): Promise<CertificateSet> {
  const wanted = certificatesFor(hosts, options.fileRefs);
  authority.retain(wanted);
  const leafs: (LocalCertificate | undefined)[] = [];
  const queue = wanted.entries();
  const work = async (): Promise<void> => {
    for (const [index, names] of queue) {
      leafs[index] = await issueOrLog(authority, names, options.log);
      if (index > 0 && index % PROGRESS_LEAFS === 0) options.progress?.(toSet(leafs));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return toSet(leafs);
}

function toSet(leafs: readonly (LocalCertificate | undefined)[]): CertificateSet {
  const issued = leafs.filter((leaf) => leaf !== undefined);
  return {
    refs: issued.map((leaf) => leaf.ref),
    material: new Map(issued.map((leaf) => [leaf.ref.id, leaf.material])),
  };
}

async function issueOrLog(
  authority: LocalAuthority,
  names: readonly string[],
  log: Log,
): Promise<LocalCertificate | undefined> {
  try {
    return await authority.issue(names);
  } catch (cause) {
    log.error({ names, err: cause }, 'the local CA could not issue a certificate');
    return undefined;
  }
}
