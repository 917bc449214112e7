import type { LabelProblem, StreamClaims } from '../dialect.ts';
import { PLAIN_STREAM } from '../plain-stream.ts';
import { show } from '../show.ts';
import { readEntryPoints, type Places } from './entry-points.ts';
import type { Named } from './labels.ts';
import { asksForTls } from './offers.ts';
import { readRouterTls } from './router-tls.ts';
import { tryRule } from './rule.ts';
import { Section } from './section.ts';
import { resolveStreamMiddlewares, type StreamLimits } from './stream-middleware.ts';
import { readStreamRule, type StreamRule } from './stream-rule.ts';
import type { RawProtocol, StreamBackend } from './stream-service.ts';
import type { ReadContext } from './context.ts';

export interface StreamReading {
  readonly claims: readonly StreamClaims[];
  readonly problems: readonly LabelProblem[];
}

/** Traefik ends a UDP session that long after its last datagram. */
const UDP_SESSION_MS = 3_000;
const MAX_PRIORITY = 1_000_000_000;

/** What cannot be honoured leaves a raw router out: unlike a site, it has no answer that could say so. */
export function readStreamRouter(
  protocol: RawProtocol,
  router: Named,
  backend: StreamBackend,
  context: ReadContext,
): StreamReading {
  const section = new Section(`traefik.${protocol}.routers.${router.name}`, router.pairs);
  section.text('service');
  const places = readEntryPoints(section, context.settings, context.input);
  const claims = protocol === 'tcp' ? readTcp(section, router, { places, context }) : readUdp(section, places);
  section.finish();
  const { problems, hasFailed } = section.report;
  if (hasFailed) return { claims: [], problems };
  const named = claims.map((each, index) => ({
    ...each,
    ...backend,
    service: `${protocol}:${router.name}${index === 0 ? '' : `~${index + 1}`}`,
  }));
  return { claims: named, problems };
}

function readUdp(section: Section, places: Places | undefined): readonly StreamClaims[] {
  const found = placesOf(section, places);
  return found.map((place) => ({ ...PLAIN_STREAM, ...place, protocol: 'udp', idleMs: UDP_SESSION_MS }));
}

interface TcpFacts {
  readonly places: Places | undefined;
  readonly context: ReadContext;
}

function readTcp(section: Section, router: Named, { places, context }: TcpFacts): readonly StreamClaims[] {
  section.text('rulesyntax');
  const text = section.text('rule') ?? '';
  const tls = readTls(section, router, context);
  const priority = section.integer('priority', -MAX_PRIORITY, MAX_PRIORITY) ?? 0;
  const limits = readLimits(section, context);
  const rules = tryRule(() => readStreamRule(text));
  if ('problem' in rules) {
    section.report.refuse(`${show(section.label('rule'))}: ${rules.problem.message}`, rules.problem.expected);
    return [];
  }
  checkRules(section, rules.value, { tls, limits });
  return placesOf(section, places ?? (tls === 'none' ? undefined : { listeners: ['https'], ports: [] }), tls).flatMap(
    (place) =>
      rules.value.map(({ hosts, clients, alpn }) => ({
        ...PLAIN_STREAM,
        ...place,
        tls,
        hosts,
        clients: limits.clients ?? clients,
        alpn,
        connectionsPerClient: limits.connectionsPerClient,
        priority: priority === 0 ? defaultPriority(text) : priority,
      })),
  );
}

/** The rule for all comes last, whatever its length. */
function defaultPriority(rule: string): number {
  return /^\s*HostSNI\(\s*[`"]\*[`"]\s*\)\s*$/i.test(rule) ? -1 : Buffer.byteLength(rule);
}

function readTls(section: Section, { pairs }: Named, { settings }: ReadContext): StreamClaims['tls'] {
  const tls = readRouterTls(section, { isAsked: asksForTls(pairs), isRaw: true }, settings);
  if (tls === undefined) return 'none';
  if (tls.isPassedThrough) return 'passthrough';
  if (tls.isAcme) {
    section.note(
      'tls.certresolver',
      'a certificate is not ordered for a raw router',
      'acme.hosts in dproxy.yml with its name',
    );
  }
  return 'terminate';
}

function readLimits(section: Section, { offers, configured }: ReadContext): StreamLimits {
  const names = section.list('middlewares') ?? [];
  const find = (name: string, isConfigured: boolean): Named | undefined =>
    (isConfigured || offers.clash('tcp-middleware', name) !== undefined
      ? undefined
      : offers.winner('tcp-middleware', name)) ?? configured.tcp.middlewares.get(name);
  const { report, ...limits } = resolveStreamMiddlewares(names, find, section.label('middlewares'));
  for (const { message, expected } of report.problems) section.report.refuse(message, expected);
  return limits;
}

function checkRules(
  section: Section,
  rules: readonly StreamRule[],
  { tls, limits }: { readonly tls: StreamClaims['tls']; readonly limits: StreamLimits },
): void {
  const hasNames = rules.some(({ hosts, alpn }) => alpn.length > 0 || hosts.some((host) => host !== '*'));
  if (tls === 'none' && hasNames) {
    section.refuse(
      'rule',
      'HostSNI(`*`), because without TLS no client says a name; or tls=true, or tls.passthrough=true',
    );
  }
  if (limits.clients !== undefined && rules.some(({ clients }) => clients.length > 0)) {
    section.refuse('rule', 'no ClientIP beside the middleware ipallowlist, which says the same');
  }
}

type Place = Pick<StreamClaims, 'listener' | 'publicPort'>;

/** The listeners that sites are served on are only shared by those who say a name first. */
function placesOf(section: Section, places: Places | undefined, tls: StreamClaims['tls'] = 'none'): readonly Place[] {
  const expected =
    'entrypoints=<name>, with docker.dialects.traefik.entryPoints.<name>: <port> in dproxy.yml, or a name such as tcp-5432';
  if (places === undefined) {
    section.report.refuse(
      `${show(section.label('entrypoints'))} is missing: a raw router would take every port`,
      expected,
    );
    return [];
  }
  const shared = places.listeners.filter((listener) => listener === 'http' || (listener === 'https' && tls === 'none'));
  if (shared.length > 0)
    section.refuse('entrypoints', `another entry point: sites are served on ${shared.join(' and ')}; ${expected}`);
  return [
    ...places.listeners.map((listener) => ({ listener, publicPort: 0 })),
    ...places.ports.map((publicPort) => ({ listener: '', publicPort })),
  ];
}
