import type { Backend } from './backend.ts';
import type { ErrorCode } from './errors.ts';
import type { MatcherCheck, RouteVerdict } from './explain-routes.ts';
import type { Route, ShadowedRoute } from './route.ts';
import type { MatchOutcome } from './route-match.ts';
import type { CertificateRef } from './snapshot.ts';
import type { TlsPolicy } from './tls-policy.ts';

/** The request that is to be explained; nothing is sent anywhere. */
export interface ExplainRequest {
  readonly url: string;
  /** Default `GET`. */
  readonly method?: string;
  /** As the client sends them. A `Host` takes the place of the URL's. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** IP address of the client; empty: a program on this machine. */
  readonly client: string;
  /** It shows a certificate that the host's authorities have issued. */
  readonly hasClientCertificate: boolean;
}

/**
 * What would answer:
 * - `backend`, `plugins` (and then a backend), `respond`, `redirect`: a route
 * - `https-redirect`: sent to HTTPS
 * - `challenge`: dproxy itself, the question of a certificate authority
 * - `error`: an error page, see `code`
 * - `stream`: nobody reads the request, a stream takes the connection
 * - `wake`: containers that sleep, or start: it waits for them
 * - `tls-refused`: nothing, the handshake ends
 * - `no-listener`: nothing, dproxy does not listen there
 */
export type ExplainedAnswerType =
  | 'backend'
  | 'plugins'
  | 'respond'
  | 'redirect'
  | 'https-redirect'
  /** A filter of the route answers by itself. */
  | 'filter'
  | 'challenge'
  | 'error'
  | 'stream'
  | 'wake'
  | 'tls-refused'
  | 'no-listener';

export interface ExplainedAnswer {
  readonly type: ExplainedAnswerType;
  /** A route, a redirect to one, or a stream answers, if only after a start; false for errors and refusals. */
  readonly ok: boolean;
  /** 0: the backend's, or none. */
  readonly status: number;
  readonly code: ErrorCode | '';
  /** Of a redirect; else empty. */
  readonly location: string;
  /** One sentence: what happens and why. */
  readonly detail: string;
}

export interface ExplainedCandidate {
  readonly id: string;
  readonly host: string;
  readonly path: string;
  readonly verdict: RouteVerdict;
  readonly checks: readonly MatcherCheck[];
  readonly reason: string;
  /** Containers or entries that it comes from. */
  readonly from: readonly string[];
}

/** One thing that a route does to requests or answers, in the order in which it is done. */
export interface ExplainedFilter {
  /** `plugins`, `request-headers`, `response-headers`, `hsts`, `timeouts`, ... */
  readonly filter: string;
  readonly detail: string;
  /** Header lines that are set; credentials among them are shown as `***`. */
  readonly values: readonly (readonly [name: string, value: string])[];
}

export interface ExplainedBackend {
  readonly id: string;
  readonly name: string;
  readonly protocol: Backend['protocol'] | '';
  readonly address: string;
  readonly port: number;
  readonly state: Backend['state'] | 'unknown';
  readonly weight: number;
  /** Round robin may choose it now. */
  readonly mayBeChosen: boolean;
  /** Why not, with what mends it; empty when it may. */
  readonly reason: string;
}

export interface ExplainedTls {
  readonly serverName: string;
  /** What is shown to whoever asks for the name over HTTPS; empty: nothing is. */
  readonly certificateKind: CertificateRef['kind'] | '';
  readonly certificateId: string;
  readonly names: readonly string[];
  readonly issuer: string;
  /** Epoch milliseconds; 0: not known. */
  readonly notAfterMs: number;
  /** `unrecognized_name` and the like, when the handshake is refused; else empty. */
  readonly alert: string;
  readonly policy: {
    /** The pattern under `tls.hosts`; empty: the default holds. */
    readonly id: string;
    readonly profile: TlsPolicy['profile'];
    readonly clientCertificates: TlsPolicy['clientCertificates'];
  };
  /** Whether plain HTTP is sent to HTTPS, and why (not). */
  readonly redirect: string;
}

export interface Explanation {
  readonly url: string;
  readonly scheme: 'http' | 'https';
  /** As routes are matched by; both empty when the request is malformed. */
  readonly host: string;
  readonly path: string;
  readonly listener: string;
  readonly client: string;
  /** `.localhost` names answer this client. */
  readonly isLocal: boolean;
  /** Empty when no route was looked for. */
  readonly outcome: MatchOutcome | '';
  readonly answer: ExplainedAnswer;
  /** The route that answers; absent when none does. */
  readonly route?: Route;
  readonly candidates: readonly ExplainedCandidate[];
  readonly filters: readonly ExplainedFilter[];
  readonly backends: readonly ExplainedBackend[];
  readonly tls: ExplainedTls;
  readonly shadowed: readonly ShadowedRoute[];
  /** Of an unknown host. */
  readonly didYouMean: readonly string[];
  /** Containers without a route that may be what was meant, with what mends it. */
  readonly unrouted: readonly { readonly name: string; readonly reason: string }[];
  /** What else is worth knowing. */
  readonly notes: readonly string[];
}
