import {
  hostRelation,
  nearestNames,
  type CertificateMaterial,
  type CertificateView,
  type ContainerView,
  type ExplainedTls,
  type Explainer,
  type Explanation,
  type ExplainRequest,
  type Log,
  type ShadowedRoute,
  type Snapshot,
  type WakeGroupView,
} from '@dproxy/core';
import { Rehearsal, type Rehearsed } from '@dproxy/proxy';
import { describeAnswer } from './answer.ts';
import { describeBackends } from './backends.ts';
import { describeCandidates } from './candidates.ts';
import { describeFilters } from './filters.ts';
import { describeListeners, pickListener, type PickedListener } from './pick-listener.ts';
import { readRequest, type ReadRequest } from './read-request.ts';
import { unroutedContainers } from './unrouted.ts';
import { describeWake } from './wake.ts';

export interface ExplainerParts {
  readonly log: Log;
  readonly snapshot: () => Snapshot | undefined;
  readonly material: () => ReadonlyMap<string, CertificateMaterial>;
  readonly shadowed: () => readonly ShadowedRoute[];
  readonly containers: () => readonly ContainerView[];
  readonly certificates: () => readonly CertificateView[];
  readonly rejectedCount: () => number;
  readonly wakeGroups: () => readonly WakeGroupView[];
}

/** Answers `GET /explain`: what the workers would do by the table that they have now, and why. */
export class RequestExplainer implements Explainer {
  readonly #parts: ExplainerParts;
  readonly #rehearsal: Rehearsal;

  constructor(parts: ExplainerParts) {
    this.#parts = parts;
    this.#rehearsal = new Rehearsal(parts.log);
  }

  close(): void {
    this.#rehearsal.close();
  }

  explain(request: ExplainRequest): Explanation {
    const read = readRequest(request);
    const snapshot = this.#parts.snapshot();
    if (snapshot === undefined) throw new RangeError('there is no table yet; ask again in a moment');
    const picked = pickListener(read.url, snapshot.listeners.values());
    const { listener, httpsListener } = picked;
    if (listener === undefined) return nobodyListens(request, read, snapshot);
    const { head, serverName, client, server } = read;
    const { hasClientCertificate } = request;
    const asked = { listener, httpsListener, head, serverName, client, server, hasClientCertificate };
    const rehearsed = this.#rehearsal.run(snapshot, this.#parts.material(), asked);
    return this.#assemble(request, { read, snapshot, rehearsed, picked });
  }

  #assemble({ url }: ExplainRequest, { read, snapshot, rehearsed, picked }: Findings): Explanation {
    const { host = '', path, scope, outcome, route, routes, answer } = rehearsed;
    // A handshake for a name that nobody has ends before routes are looked for.
    const isUnknown = outcome === 'route-unknown' || (answer === 'tls-refused' && routes.length === 0);
    const hasNoRoute = isUnknown || outcome === 'path-unknown';
    const { containers, shadowed, rejectedCount, wakeGroups } = this.#parts;
    return {
      url,
      scheme: read.url.scheme,
      host,
      path,
      listener: scope.listenerId,
      client: read.client,
      isLocal: scope.isLocal,
      outcome,
      answer: describeWake(rehearsed, snapshot, wakeGroups()) ?? describeAnswer(rehearsed),
      ...(route === undefined ? {} : { route }),
      candidates: describeCandidates(rehearsed),
      filters: describeFilters(rehearsed),
      backends: route === undefined ? [] : describeBackends(route, snapshot, rehearsed.ready),
      tls: this.#describeTls(rehearsed, snapshot),
      shadowed: shadowed().filter((lost) => hostRelation(lost.host, host) !== undefined),
      didYouMean: isUnknown ? nearestNames(host, hostsOf(snapshot)) : [],
      unrouted: hasNoRoute ? unroutedContainers(host, containers(), hostsOf(snapshot)) : [],
      notes: notesOf(rehearsed, picked, hasNoRoute ? rejectedCount() : 0),
    };
  }

  #describeTls({ tls, redirect, answer, status, route }: Rehearsed, snapshot: Snapshot): ExplainedTls {
    if (tls === undefined) return noTls(snapshot);
    const { certificate, policy, alert, serverName } = tls;
    const view = this.#parts.certificates().find(({ id }) => id !== '' && id === certificate?.id);
    const { id, profile, clientCertificates } = policy;
    const isByPolicy = answer === 'https-redirect' && route === undefined;
    return {
      serverName,
      certificateKind: certificate?.kind ?? '',
      certificateId: certificate?.id ?? '',
      names: certificate?.names ?? [],
      issuer: view?.issuer ?? '',
      notAfterMs: view?.notAfterMs ?? 0,
      alert,
      policy: { id, profile, clientCertificates },
      redirect: isByPolicy ? `sent to HTTPS (${status}): the TLS policy ${id} requires a client certificate` : redirect,
    };
  }
}

interface Findings {
  readonly read: ReadRequest;
  readonly snapshot: Snapshot;
  readonly rehearsed: Rehearsed;
  readonly picked: PickedListener;
}

function nobodyListens(
  { url }: ExplainRequest,
  { url: { scheme, port }, client }: ReadRequest,
  snapshot: Snapshot,
): Explanation {
  const listening = describeListeners(snapshot.listeners.values());
  const detail = `nobody listens for ${scheme}${port === 0 ? '' : ` at port ${port}`}; ${listening}`;
  return {
    url,
    scheme,
    host: '',
    path: '',
    listener: '',
    client,
    isLocal: false,
    outcome: '',
    answer: { type: 'no-listener', ok: false, status: 0, code: '', location: '', detail },
    candidates: [],
    filters: [],
    backends: [],
    tls: noTls(snapshot),
    shadowed: [],
    didYouMean: [],
    unrouted: [],
    notes: [],
  };
}

function noTls({ settings }: Snapshot): ExplainedTls {
  return {
    serverName: '',
    certificateKind: '',
    certificateId: '',
    names: [],
    issuer: '',
    notAfterMs: 0,
    alert: '',
    policy: { id: '', profile: settings.tls.profile, clientCertificates: 'none' },
    redirect: '',
  };
}

function notesOf({ outcome, routes, tls }: Rehearsed, { note }: PickedListener, rejected: number): string[] {
  const notes = note === '' ? [] : [note];
  if (outcome === 'wildcard' && routes.length > 1) {
    notes.push('each worker remembers which wildcard route answered without an error, and then asks that one first');
  }
  if (tls?.waits === true) notes.push('a handshake waits for a certificate first');
  if (rejected > 0) notes.push(`${rejected} entries or labels are refused, which may be why: GET /rejected`);
  return notes;
}

function* hostsOf({ routes }: Snapshot): Generator<string> {
  for (const { host } of routes.values()) yield host;
}
