import type { AcmeChallengeType } from '@dproxy/config';
import {
  type AcmeProblem,
  type AcmeProblemError,
  fieldsOf,
  ownProblem,
  readProblem,
  webAddress,
} from './acme-problem.ts';
import type { TransportAnswer } from './transport.ts';

export type OrderStatus = 'pending' | 'ready' | 'processing' | 'valid' | 'invalid';

/** RFC 8555 section 7.1.3 */
export interface Order {
  readonly url: string;
  readonly status: OrderStatus;
  readonly authorizations: readonly string[];
  readonly finalize: string;
  /** Empty: not issued yet. */
  readonly certificate: string;
  readonly problem: AcmeProblem | undefined;
}

export type AuthorizationStatus = 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired' | 'revoked';

/** RFC 8555 section 7.1.4 */
export interface Authorization {
  readonly url: string;
  /** As in the order: `*.example.com` for a wildcard. */
  readonly name: string;
  readonly status: AuthorizationStatus;
  readonly challenges: readonly ChallengeDocument[];
}

/** RFC 8555 section 7.1.5 */
export interface ChallengeDocument {
  readonly type: AcmeChallengeType;
  readonly url: string;
  readonly token: string;
  readonly problem: AcmeProblem | undefined;
}

const ORDER_STATUSES: readonly OrderStatus[] = ['pending', 'ready', 'processing', 'valid', 'invalid'];
const AUTHORIZATION_STATUSES: readonly AuthorizationStatus[] = [
  'pending',
  'valid',
  'invalid',
  'deactivated',
  'expired',
  'revoked',
];
const CHALLENGE_TYPES: readonly AcmeChallengeType[] = ['http-01', 'tls-alpn-01', 'dns-01'];
/** RFC 8555 section 8.1: base64url. What stands in a path, a file name or a record must be nothing else. */
const TOKEN = /^[A-Za-z0-9_-]{16,256}$/;

/** @throws AcmeProblemError when it is none */
export function readOrder(answer: TransportAnswer, url: string): Order {
  const fields = fieldsOf(answer.data);
  const status = fields['status'];
  const finalize = webAddress(fields['finalize']);
  const urls: readonly unknown[] = Array.isArray(fields['authorizations']) ? fields['authorizations'] : [];
  const authorizations = urls.map(webAddress);
  if (!isOneOf(status, ORDER_STATUSES)) throw unusable(answer, 'order', 'status');
  if (finalize === '' || url === '') throw unusable(answer, 'order', 'finalize or Location');
  if (authorizations.length === 0 || authorizations.includes('')) throw unusable(answer, 'order', 'authorizations');
  return {
    url,
    status,
    authorizations,
    finalize,
    certificate: webAddress(fields['certificate']),
    problem: problemIn(fields['error']),
  };
}

/** @throws AcmeProblemError when it is none */
export function readAuthorization(answer: TransportAnswer, url: string): Authorization {
  const fields = fieldsOf(answer.data);
  const status = fields['status'];
  const value = fieldsOf(fields['identifier'])['value'];
  if (!isOneOf(status, AUTHORIZATION_STATUSES)) throw unusable(answer, 'authorization', 'status');
  if (typeof value !== 'string') throw unusable(answer, 'authorization', 'identifier');
  const listed: readonly unknown[] = Array.isArray(fields['challenges']) ? fields['challenges'] : [];
  const name = (fields['wildcard'] === true ? `*.${value}` : value).toLowerCase();
  return { url, name, status, challenges: listed.flatMap(readChallenge) };
}

function readChallenge(value: unknown): readonly ChallengeDocument[] {
  const fields = fieldsOf(value);
  const { type, token } = fields;
  const url = webAddress(fields['url']);
  // Other kinds exist and are not for us (RFC 8555 section 8).
  if (!isOneOf(type, CHALLENGE_TYPES) || url === '') return [];
  if (typeof token !== 'string' || !TOKEN.test(token)) return [];
  return [{ type, url, token, problem: problemIn(fields['error']) }];
}

function problemIn(value: unknown): AcmeProblem | undefined {
  if (value === undefined || value === null) return undefined;
  return readProblem(value, { status: 0, retryAfter: undefined, nowMs: Date.now() });
}

function isOneOf<T extends string>(value: unknown, known: readonly T[]): value is T {
  return known.includes(value as T);
}

function unusable(answer: TransportAnswer, what: string, part: string): AcmeProblemError {
  return ownProblem(`the authority sent an ${what} without a usable ${part}`, { status: answer.status });
}
