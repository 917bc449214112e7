import { isIP } from 'node:net';
import type { AcmeAuthority, AcmeChallengeType } from '@dproxy/config';
import { IssueError, type IssueProblem } from '../ports.ts';
import type { AcmeProblem } from './acme-problem.ts';

/** What is known about the failed step; it makes the advice precise. */
export interface ProblemContext {
  readonly authority: AcmeAuthority;
  /** Empty: all of the order. */
  readonly host: string;
  /** The challenge that failed; undefined: the authority refused a request. */
  readonly challenge?: AcmeChallengeType | undefined;
  /** RFC 8555 section 7.1.1: what CAA records have to name for this authority. */
  readonly caaIdentities?: readonly string[];
}

interface Explanation {
  readonly problem: IssueProblem;
  readonly advice: (context: ProblemContext, problem: AcmeProblem) => string;
}

const LATER = (): string => 'nothing to do here: the authority has a problem of its own, and is asked again later';

/** RFC 8555 section 6.7, RFC 9773 section 7.4 and draft-ietf-acme-profiles section 6. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  accountDoesNotExist: {
    problem: 'rejected',
    advice: () => 'nothing to do here: the account is registered anew at the next attempt',
  },
  alreadyReplaced: { problem: 'rejected', advice: LATER },
  alreadyRevoked: { problem: 'rejected', advice: () => 'nothing to do here: it is revoked already' },
  badCSR: {
    problem: 'rejected',
    advice: () => 'choose another acme.keyType (ecdsa-p256 and rsa-2048 are accepted everywhere), or fewer names',
  },
  badNonce: { problem: 'unreachable', advice: LATER },
  badPublicKey: {
    problem: 'rejected',
    advice: () => 'choose another acme.keyType: the authority does not accept this kind of key',
  },
  badSignatureAlgorithm: {
    problem: 'rejected',
    advice: ({ authority }) => `${authority.name} does not accept ECDSA account keys: use another authority`,
  },
  caa: {
    problem: 'rejected',
    advice: ({ authority, host, caaIdentities }) =>
      `add a CAA record for ${subject(host)} that allows ${caaIdentities?.[0] ?? authority.name}, or remove the CAA records`,
  },
  connection: { problem: 'unauthorized', advice: reachability },
  dns: {
    problem: 'unauthorized',
    advice: ({ host, challenge }) =>
      challenge === 'dns-01'
        ? `see that the public DNS servers of ${subject(host)} answer, and that acme.dns writes to the zone that they serve`
        : `create an A or AAAA record for ${subject(host)} that points to this machine, and see that its DNS servers answer`,
  },
  externalAccountRequired: {
    problem: 'misconfigured',
    advice: ({ authority }) => `give ${authority.name} its eab (kid and hmacKey), as shown in your account on its site`,
  },
  incorrectResponse: { problem: 'unauthorized', advice: wrongAnswer },
  invalidContact: { problem: 'misconfigured', advice: () => 'change acme.email: the authority refuses this address' },
  invalidProfile: {
    problem: 'misconfigured',
    advice: ({ authority }) => `change profile: ${authority.name} has none called ${JSON.stringify(authority.profile)}`,
  },
  malformed: {
    problem: 'rejected',
    advice: () => 'see that the names are public and spelled right; if they are, report this as a bug of dproxy',
  },
  orderNotReady: { problem: 'internal', advice: LATER },
  rateLimited: {
    problem: 'rate-limited',
    advice: ({ authority }, { retryAfterMs }) =>
      `wait${retryAfterMs > 0 ? '' : ' some hours'}; do not force retries: ${authority.name} counts them. ` +
      'For experiments use its staging directory',
  },
  rejectedIdentifier: {
    problem: 'rejected',
    advice: ({ authority, host }) =>
      `${authority.name} does not issue for ${subject(host)}: take it out of acme.hosts, or use another authority`,
  },
  serverInternal: { problem: 'unreachable', advice: LATER },
  tls: {
    problem: 'unauthorized',
    advice: ({ host }) => `see that port 443 of ${subject(host)} reaches dproxy, with nothing before it that ends TLS`,
  },
  unauthorized: { problem: 'unauthorized', advice: wrongAnswer },
  unsupportedContact: {
    problem: 'misconfigured',
    advice: () => 'change acme.email: the authority refuses this address',
  },
  unsupportedIdentifier: {
    problem: 'rejected',
    advice: ({ authority, host }) =>
      isIP(host) > 0
        ? `${authority.name} issues for addresses not at all, or only with another profile (Let's Encrypt: shortlived)`
        : `${authority.name} does not issue for ${subject(host)}: use another authority`,
  },
  userActionRequired: {
    problem: 'misconfigured',
    advice: ({ authority }, { instance }) =>
      instance === ''
        ? `open your account on the site of ${authority.name} and do what it asks for`
        : `open ${instance} and do what it asks for`,
  },
};

const TABLE = new Map(Object.entries(EXPLANATIONS));

/** The one place where what an authority says becomes what dproxy says. */
export function explainProblem(problem: AcmeProblem, context: ProblemContext): IssueError {
  const host = problem.host === '' ? context.host : problem.host;
  const about: ProblemContext = { ...context, host };
  const { problem: kind, advice } = explanationOf(problem, about);
  const name = host === '' ? '' : `${host}: `;
  const type = problem.type === '' ? '' : ` (${problem.type})`;
  return new IssueError(kind, `${context.authority.name}: ${name}${problem.detail}${type}`, {
    advice: advice(about, problem),
    retryAfterMs: problem.retryAfterMs,
    host,
  });
}

function explanationOf(problem: AcmeProblem, { authority, challenge }: ProblemContext): Explanation {
  if (problem.type === 'unauthorized' && challenge === undefined) {
    // Mended in dproxy.yml, and tried at once then.
    return { problem: authority.eab === undefined ? 'rejected' : 'misconfigured', advice: account };
  }
  // What some authorities say of a wrong external account binding.
  if (problem.type === 'malformed' && authority.eab !== undefined && challenge === undefined) {
    return { problem: 'misconfigured', advice: (context) => `${account(context)}; and that the names are public` };
  }
  const known = TABLE.get(problem.type);
  if (known !== undefined) return known;
  // What a load balancer says before an authority: RFC 6585 section 4, RFC 9110 section 15.6.4.
  if (problem.status === 429) return EXPLANATIONS['rateLimited'] as Explanation;
  if (problem.status >= 500) return { problem: 'unreachable', advice: LATER };
  if (challenge !== undefined) return { problem: 'unauthorized', advice: reachability };
  return { problem: 'rejected', advice: notAnAuthority };
}

function account({ authority }: ProblemContext): string {
  return authority.eab === undefined
    ? `see whether your account at ${authority.name} is blocked, or whether it wants eab (kid and hmacKey)`
    : `see that eab of ${authority.name} is right and not yet used up, and that the account is not blocked`;
}

function notAnAuthority({ authority }: ProblemContext): string {
  return `see that ${authority.directory} is the directory of an ACME server (RFC 8555)`;
}

function reachability({ host, challenge }: ProblemContext): string {
  if (challenge === 'dns-01') return `see that the public DNS servers of ${subject(host)} answer`;
  const port = challenge === 'tls-alpn-01' ? 443 : 80;
  return `open port ${port} of ${subject(host)} for the internet (firewall, port forwarding)${records(host)}`;
}

function wrongAnswer({ host, challenge }: ProblemContext): string {
  switch (challenge) {
    case 'dns-01':
      return `see that acme.dns writes to the zone that the public DNS servers of ${subject(host)} serve`;
    case 'tls-alpn-01':
      return `see that port 443 of ${subject(host)} reaches dproxy, with nothing before it that ends TLS${records(host)}`;
    case 'http-01':
    case undefined:
      return `another server answers on port 80 of ${subject(host)}: look at what stands between the internet and dproxy${records(host)}`;
    default:
      return challenge satisfies never;
  }
}

/** One wrong AAAA record is the most frequent cause of all: authorities ask the IPv6 address first. */
function records(host: string): string {
  return isIP(host) > 0 ? '' : ', and see that its A and AAAA records all lead here';
}

function subject(host: string): string {
  return host === '' ? 'these names' : host;
}
