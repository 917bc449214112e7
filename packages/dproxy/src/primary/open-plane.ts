import { CertificateFiles, LocalAuthority } from '@dproxy/certs';
import { loadStoredSnapshot, readBootId, StoredSnapshot, type SnapshotServer } from '@dproxy/cluster';
import type { Log, Snapshot } from '@dproxy/core';
import { ControlPlane } from '../control-plane.ts';
import type { Engines } from '../engines.ts';
import { OwnershipFile } from '../ownership-file.ts';
import { statePaths } from '../paths.ts';
import type { PrimaryOptions } from './primary-options.ts';

/** How long the first broadcast waits for an engine whose containers were served before the restart. */
const ENGINE_GRACE_MS = 10_000;

/** @param onPublished hears of each table after the workers */
export async function openPlane(
  { loaded, log }: PrimaryOptions,
  { server, onPublished }: { readonly server: SnapshotServer; readonly onPublished: (snapshot: Snapshot) => void },
  opened: AsyncDisposableStack,
): Promise<ControlPlane> {
  const files = statePaths(loaded.settings.paths.state);
  const bootId = await readBootId();
  const stored = new StoredSnapshot({ path: files.snapshot, bootId, nowMs: Date.now, log });
  opened.defer(() => stored.close());
  const owners = new OwnershipFile(files.ownership, log);
  opened.defer(() => owners.close());
  const plane = new ControlPlane({
    log,
    authority: await LocalAuthority.open({ directory: files.localAuthority, log, now: Date.now }),
    nowMs: Date.now,
    previous: await loadPrevious(files.snapshot, bootId, log),
    ledger: await owners.load(),
    publish: (snapshot, material) => {
      server.publish(snapshot, material);
      stored.save(snapshot);
      log.info(
        { version: snapshot.version, routes: snapshot.routes.size, backends: snapshot.backends.size },
        'published',
      );
      onPublished(snapshot);
    },
    saveLedger: (ledger) => owners.save(ledger),
  });
  opened.defer(() => plane.close());
  return plane;
}

/** A damaged file costs the numbering of versions, not the start. */
async function loadPrevious(path: string, bootId: string, log: Log): Promise<Snapshot | undefined> {
  try {
    return await loadStoredSnapshot({ path, bootId, nowMs: Date.now });
  } catch (error) {
    log.warn({ path, error }, 'the stored table cannot be read; it is made anew');
    return undefined;
  }
}

export async function startCertificateFiles(
  { loaded, log }: PrimaryOptions,
  plane: ControlPlane,
  opened: AsyncDisposableStack,
): Promise<void> {
  const directory = loaded.settings.paths.ssl;
  if (directory === '') return;
  const files = new CertificateFiles({ directory, log, now: Date.now });
  opened.defer(() => files.stop());
  await files.start((state) => plane.setCertificateFiles(state));
}

/**
 * An engine that is away while we restart must not take its routes with it (design: "Processes").
 *
 * @returns sources that were served before and have not spoken in time
 */
export async function waitForKnownEngines(
  previous: Snapshot | undefined,
  engines: Engines,
): Promise<readonly string[]> {
  const served = new Set(
    [...(previous?.routes.values() ?? []), ...(previous?.streams.values() ?? [])].flatMap(({ origins }) =>
      origins.map(({ source }) => source),
    ),
  );
  const missing = (): string[] =>
    engines
      .statuses()
      .flatMap(({ engine, state }) => (state === 'looking' ? `docker:${engine}` : []))
      .filter((source) => served.has(source));
  const deadline = Date.now() + ENGINE_GRACE_MS;
  while (missing().length > 0 && Date.now() < deadline) {
    // oxlint-disable-next-line no-await-in-loop -- polling with a deadline
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  return missing();
}
