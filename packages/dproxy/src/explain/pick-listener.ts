import type { ExplainedUrl, Listener } from '@dproxy/core';

export interface PickedListener {
  /** Undefined: nobody listens there. */
  readonly listener: Listener | undefined;
  readonly httpsListener: Listener | undefined;
  /** What was assumed; empty: nothing. */
  readonly note: string;
}

const USUAL = { http: 80, https: 443 } as const;

/** Where a request for a URL comes in. A URL without a port means the usual listener, wherever that is bound. */
export function pickListener({ scheme, port }: ExplainedUrl, listeners: Iterable<Listener>): PickedListener {
  const all = [...listeners];
  const ofScheme = usualFirst(all, scheme);
  const wanted = port === 0 ? USUAL[scheme] : port;
  const httpsListener = usualFirst(all, 'https')[0];
  const found = ofScheme.find((listener) => listensAt(listener, wanted));
  if (found !== undefined || port !== 0) return { listener: found, httpsListener, note: '' };
  const usual = ofScheme[0];
  const note = usual === undefined ? '' : `taken as coming in on ${usual.id}, which is at port ${usual.publicPort}`;
  return { listener: usual, httpsListener, note };
}

/** `http  *:80, tcp:5432  *:5432` */
export function describeListeners(listeners: Iterable<Listener>): string {
  const all = [...listeners].map(({ id, publicPort }) => `${id} at port ${publicPort}`);
  return all.length === 0 ? 'dproxy listens nowhere' : `dproxy listens as ${all.join(', ')}`;
}

function usualFirst(all: readonly Listener[], scheme: 'http' | 'https'): Listener[] {
  return all
    .filter(({ protocol }) => protocol === scheme)
    .sort((a, b) => Number(b.id === scheme) - Number(a.id === scheme));
}

function listensAt({ publicPort, addresses }: Listener, wanted: number): boolean {
  return publicPort === wanted || addresses.some(({ port }) => port === wanted);
}
