import type { ExplainedBackend, ExplainedCandidate, ExplainedFilter, ExplainedTls, Explanation } from '@dproxy/core';

/** An explanation for people: what matched first, one line each, then what would happen. */
export function explanationLines(explanation: Explanation): string[] {
  const { candidates, filters, backends, tls, notes } = explanation;
  return [
    requestLine(explanation),
    ...(candidates.length === 0 && explanation.host !== '' ? ['  no route has this host'] : []),
    ...candidates.flatMap(candidateLines),
    ...explanation.shadowed.map(
      ({ host, path, origin, shadowedBy, reason }) =>
        `  shadowed   ${host}${path}  from ${origin.name}: ${shadowedBy.name} holds it, ${reason}`,
    ),
    ...filters.map(filterLine),
    ...backends.map(backendLine),
    ...tlsLines(tls),
    ...explanation.didYouMean.map((name) => `  near       ${name}`),
    ...explanation.unrouted.map(({ name, reason }) => `  unrouted   ${name}: ${reason}`),
    ...notes.map((note) => `  note       ${note}`),
    `=> ${explanation.answer.detail}`,
  ];
}

function requestLine({ scheme, host, path, listener, client, isLocal, url }: Explanation): string {
  if (host === '') return `${scheme} ${url}`;
  const from = isLocal ? `${client} (local names answer it)` : client;
  return `${scheme} ${host}${path}  on ${listener}  from ${from}`;
}

/** Matchers only where one does not hold: of the others the verdict says enough. */
function candidateLines({ id, verdict, reason, checks, from }: ExplainedCandidate): string[] {
  const why = reason === '' ? '' : `: ${reason}`;
  const origin = from.length === 0 ? '' : `  from ${from.join(', ')}`;
  const first = `  ${WORDS[verdict].padEnd(10)} ${id}${why}${origin}`;
  if (verdict !== 'failed' && verdict !== 'chosen') return [first];
  return [
    first,
    ...checks.map(({ matcher, passed, detail }) => `    ${passed ? 'pass' : 'fail'} ${matcher}: ${detail}`),
  ];
}

const WORDS: Readonly<Record<ExplainedCandidate['verdict'], string>> = {
  chosen: 'pass',
  next: 'pass next',
  outranked: 'pass later',
  failed: 'fail',
  'not-reached': 'unreached',
};

function filterLine({ filter, detail }: ExplainedFilter): string {
  return `  filter     ${filter}: ${detail}`;
}

function backendLine({ name, address, port, state, weight, mayBeChosen, reason }: ExplainedBackend): string {
  const where = address === '' ? '' : `  ${address.includes(':') ? `[${address}]` : address}:${port}`;
  const verdict = mayBeChosen ? 'pass' : 'fail';
  const why = reason === '' ? '' : `: ${reason}`;
  return `  backend    ${verdict} ${name}${where}  ${state}  weight ${weight}${why}`;
}

function tlsLines({ certificateKind, names, notAfterMs, alert, policy }: ExplainedTls): string[] {
  const lines: string[] = [];
  if (certificateKind !== '') {
    const until = notAfterMs === 0 ? '' : ` until ${new Date(notAfterMs).toISOString().slice(0, 10)}`;
    lines.push(`  tls        certificate of kind ${certificateKind} for ${names.join(', ')}${until}`);
  }
  if (alert !== '') lines.push(`  tls        HTTPS is refused with ${alert}`);
  if (policy.id !== '') {
    lines.push(
      `  tls        policy ${policy.id}: ${policy.profile}, client certificates: ${policy.clientCertificates}`,
    );
  }
  return lines;
}
