import { didYouMean } from '@dproxy/core';
import type { LabelProblem } from '../dialect.ts';
import { problem, show } from './_problems.ts';
import { readFlag } from '../label-values.ts';
import { valueOf } from './read-sites.ts';
import { isOwnWord, LABEL_PREFIX } from './words.ts';

interface Words {
  readonly env: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
}

/** Labels that are read elsewhere, or that ask for what is so anyway when their value is among `fine`. */
interface LabelRule {
  readonly label: string;
  /** Undefined: every value is fine. */
  readonly fine?: readonly string[];
  readonly unmet: string;
  readonly expected: string;
}

const LABELS: readonly LabelRule[] = [
  { label: 'loadbalance', unmet: '', expected: '' },
  { label: 'non-get-redirect', unmet: '', expected: '' },
  {
    label: 'keepalive',
    fine: ['auto'],
    unmet: 'idle connections to backends are kept in one pool for all sites',
    expected: 'limits.upstreamIdlePerBackend and limits.upstreamKeepAliveMs in dproxy.yml',
  },
  {
    label: 'ssl_verify_client',
    fine: ['off'],
    unmet: 'client certificates are not asked for by a label',
    expected: 'tls.hosts in dproxy.yml: {host, clientCertificates: {mode: require or optional, ca}}',
  },
  {
    label: 'http2.enable',
    fine: ['true'],
    unmet: 'HTTP/2 is offered on every HTTPS listener',
    expected: 'no label: clients that do not speak it are served HTTP/1.1',
  },
  {
    label: 'http3.enable',
    fine: ['false'],
    unmet: 'dproxy does not speak HTTP/3',
    expected: 'HTTP/2, which is offered',
  },
  {
    label: 'trust-default-cert',
    fine: ['false'],
    unmet: 'no default.crt is served for hosts without a certificate: they get one of the local CA',
    expected: 'a certificate whose names include the host, or LETSENCRYPT_HOST',
  },
  {
    label: 'debug-endpoint',
    fine: ['false'],
    unmet: 'no page of a site shows its configuration',
    expected: '`dproxy explain URL`, or GET /explain of the admin API',
  },
];

/** What is asked for and not done, with what to do instead. */
export function unheardOf({ env, labels }: Words): readonly LabelProblem[] {
  return [...labelsUnheard(labels), ...variablesUnheard(env)];
}

function* labelsUnheard(labels: ReadonlyMap<string, string>): Generator<LabelProblem> {
  const own = [...labels].filter(([name]) => isOwnWord('label', name)).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, raw] of own) {
    const word = name.slice(LABEL_PREFIX.length);
    const rule = LABELS.find(({ label }) => label === word);
    const value = raw.trim().toLowerCase();
    if (rule === undefined) {
      const meant = didYouMean(
        word,
        LABELS.map(({ label }) => label),
      );
      const one = `${LABEL_PREFIX} and one of ${LABELS.map(({ label }) => label).join(', ')}`;
      yield problem(
        `${show(name)} is no label of nginx-proxy`,
        meant === undefined ? one : `${LABEL_PREFIX}${meant}, probably`,
      );
    } else if (rule.fine !== undefined && value !== '' && !rule.fine.includes(value)) {
      yield problem(`${name}=${show(raw)}: ${rule.unmet}`, rule.expected);
    }
  }
}

const POLICIES = new Map([
  ['Mozilla-Intermediate', ''],
  ['Mozilla-Modern', 'modern'],
]);

function* variablesUnheard(env: ReadonlyMap<string, string>): Generator<LabelProblem> {
  const certificate = valueOf(env, 'CERT_NAME');
  if (certificate !== '') {
    const shown = show(certificate);
    yield problem(
      `CERT_NAME=${shown}: certificates are chosen by the names in them, not by a name of a file`,
      `${shown}.crt and ${shown}.key, with the host among its names, in the folder of DOCKER_PROXY_SSL_PATH or imported`,
    );
  }
  const policy = valueOf(env, 'SSL_POLICY');
  const profile = POLICIES.get(policy);
  if (policy !== '' && profile !== '') {
    const nearest = profile ?? 'intermediate, which is the default, or modern';
    yield problem(
      `SSL_POLICY=${show(policy)} is not read from containers`,
      `tls.hosts in dproxy.yml: profile ${nearest}`,
    );
  }
  if (readFlag(valueOf(env, 'ENABLE_HTTP_ON_MISSING_CERT')) === false) {
    yield problem(
      'ENABLE_HTTP_ON_MISSING_CERT=false: hosts are redirected to HTTPS only when they have a certificate that clients trust',
      'HTTPS_METHOD=nohttp, to answer nothing over plain HTTP',
    );
  }
}
