import {
  AcmeIssuer,
  CertificateUpkeep,
  type ChallengeSolver,
  FileCertificateStore,
  openDnsSolver,
  validateDnsSettings,
} from '@dproxy/certs';
import type { SnapshotServer } from '@dproxy/cluster';
import { type AcmeChallengeType, type AcmeSettings, formatProblem, systemScheduler } from '@dproxy/config';
import { DEFAULT_HTTPS, sameValue, type Snapshot } from '@dproxy/core';
import { ChallengeBoard } from '../challenge-board.ts';
import type { ControlPlane } from '../control-plane.ts';
import { statePaths } from '../paths.ts';
import type { PrimaryOptions } from './primary-options.ts';

/** A worker applies a table within milliseconds; one that does not in this time has a problem. */
const ACKNOWLEDGE_MS = 10_000;

/** Certificates that are ordered from authorities. */
export interface Certificates {
  readonly upkeep: CertificateUpkeep;
  /** To be called with the settings at the start, and whenever they change. */
  follow(settings: AcmeSettings): void;
  /** To be called with every table. */
  want(snapshot: Snapshot): void;
}

/** Orders nothing before `start` of its upkeep; that one gives the plane what is stored. */
export async function openCertificates(
  { loaded, log, environment }: PrimaryOptions,
  { server, plane }: { readonly server: SnapshotServer; readonly plane: ControlPlane },
  opened: AsyncDisposableStack,
): Promise<Certificates> {
  const board = new ChallengeBoard({
    ready: plane.whenOpen,
    show: (challenges, material) => plane.setChallenges(challenges, material),
    acknowledged: (version) => acknowledged(server, version),
  });
  const solvers = new Map<AcmeChallengeType, ChallengeSolver>([
    ['http-01', board],
    ['tls-alpn-01', board],
  ]);
  const directory = statePaths(loaded.settings.paths.state).certificates;
  const store = await FileCertificateStore.open({ directory, log, now: Date.now });
  const issuer = new AcmeIssuer({ store, solvers, log });
  opened.defer(() => issuer.close());
  const upkeep = new CertificateUpkeep({
    issuer,
    store,
    solver: board,
    scheduler: systemScheduler,
    random: Math.random,
    log,
  });
  opened.defer(() => upkeep.stop());
  opened.defer(
    server.onWantCertificate((host) => {
      void upkeep.wantOnDemand(host).then((isThere) => (isThere ? undefined : server.denyCertificate(host)));
    }),
  );
  let before: AcmeSettings | undefined;
  return {
    upkeep,
    follow: (settings) => {
      if (before !== undefined && sameValue(before, settings)) return;
      const { dns, resolvers } = settings;
      if (before === undefined || !sameValue([before.dns, before.resolvers], [dns, resolvers]))
        replaceDnsSolver(settings);
      before = settings;
      upkeep.follow(settings);
    },
    want: (snapshot) => upkeep.want(routedNames(snapshot), snapshot.certificates.values()),
  };

  function replaceDnsSolver({ dns, resolvers }: AcmeSettings): void {
    solvers.delete('dns-01');
    if (dns === undefined) return;
    for (const problem of validateDnsSettings(dns, environment)) log.error({ ...problem }, formatProblem(problem));
    solvers.set('dns-01', openDnsSolver(dns, { resolvers, env: environment, log }));
  }
}

/** Names of routes, and of streams whose TLS ends here. */
function* routedNames({ routes, streams }: Snapshot) {
  yield* routes.values();
  for (const { host, tls } of streams.values()) {
    if (tls === 'terminate') yield { host, audience: 'everyone' as const, https: DEFAULT_HTTPS };
  }
}

/** Whether every worker that takes requests has it: the authority's connection may go to any of them. */
async function acknowledged(server: SnapshotServer, version: number): Promise<boolean> {
  return await server.waitUntil((workers) => {
    const serving = workers.filter(({ state }) => state === 'starting' || state === 'online');
    return serving.length > 0 && serving.every((worker) => worker.version >= version);
  }, ACKNOWLEDGE_MS);
}
