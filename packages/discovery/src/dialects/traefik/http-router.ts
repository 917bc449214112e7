import type { Filter } from '@dproxy/core';
import type { DialectInput, LabelProblem, ServiceClaims } from '../dialect.ts';
import { PLAIN_SERVICE } from '../plain-service.ts';
import { show } from '../show.ts';
import { readEntryPoints } from './entry-points.ts';
import type { HttpService } from './http-service.ts';
import type { Named } from './labels.ts';
import { resolveMiddlewares, type MiddlewareFinder } from './middleware.ts';
import { asksForTls } from './offers.ts';
import type { TraefikSettings } from './options.ts';
import { RuleError } from './rule-error.ts';
import { claimsOf, NOWHERE, type Router } from './router-claims.ts';
import { readRule, tryRule, type Rule } from './rule.ts';
import { readRouterTls } from './router-tls.ts';
import { Section } from './section.ts';
import type { TemplateFacts } from './template.ts';

export interface RouterFacts {
  readonly input: Pick<DialectInput, 'listeners'>;
  readonly settings: TraefikSettings;
  readonly finder: MiddlewareFinder;
  readonly template: TemplateFacts;
  readonly network: string | undefined;
  /** A router with TLS has this host, too. */
  readonly hasTls: (host: string) => boolean;
  /** Puts addresses in the place of names that only Docker knows. */
  readonly withAddresses: (filters: readonly Filter[]) => readonly Filter[];
}

export interface RouterReading {
  readonly claims: readonly ServiceClaims[];
  readonly problems: readonly LabelProblem[];
}

/** Where the claims of a router go; `nowhere`: it only has middlewares that answer by themselves. */
export type RouterTarget = HttpService | 'nowhere';

const MAX_PRIORITY = 1_000_000_000;

/** @param named undefined for the router that nobody named */
export function readRouter(
  name: string,
  named: Named | undefined,
  target: RouterTarget,
  facts: RouterFacts,
): RouterReading {
  const section = new Section(`traefik.http.routers.${named?.name ?? name}`, named?.pairs ?? []);
  const { report } = section;
  const router = readParts(section, name, named, facts);
  section.finish();
  if (router === undefined) return { claims: [], problems: report.problems };
  const own = target === 'nowhere' ? [] : target.middlewares;
  const resolved = resolveMiddlewares([...router.middlewares, ...own], facts.finder, section.label('middlewares'));
  const problems = [...report.problems, ...resolved.report.problems];
  const isServed = !report.hasFailed && !resolved.report.hasFailed;
  const base: ServiceClaims = {
    ...PLAIN_SERVICE,
    ...(target === 'nowhere' ? { answer: NOWHERE } : servedBy(target)),
    network: facts.network,
    https: {
      redirect: 0,
      ...(resolved.hsts === '' ? {} : { hsts: resolved.hsts }),
      ...(router.tls?.isAcme === true ? { certificate: 'acme' as const } : {}),
    },
    fallThrough: false,
  };
  const filters = facts.withAddresses([...resolved.filters, ...base.filters]);
  const what: ServiceClaims = isServed ? { ...base, filters } : { ...base, filters: [], answer: CLOSED };
  const claims = claimsOf(router, what, facts);
  if (claims.length > 0 || router.places === undefined || router.places.listeners.length === 0)
    return { claims, problems };
  const message = `${show(section.label('entrypoints'))}: the router is for TLS, and only plain HTTP is spoken there`;
  return { claims, problems: [...problems, { message, expected: 'entrypoints=websecure, or no tls' }] };
}

/** What a protecting middleware that cannot be honoured leaves: the site is not served without it. */
const CLOSED: NonNullable<ServiceClaims['answer']> = {
  type: 'respond',
  status: 503,
  body: 'This site is closed: what its labels ask for cannot be done here.\n',
  headers: [
    ['content-type', 'text/plain; charset=utf-8'],
    ['cache-control', 'no-store'],
  ],
};

function servedBy(service: HttpService): Partial<ServiceClaims> {
  const { name, port, protocol, weight, tlsVerify, balance, health, host, filters } = service;
  return {
    backend: name.toLowerCase(),
    port,
    protocol,
    weight,
    tlsVerify,
    balance,
    health,
    filters,
    headers: { ...PLAIN_SERVICE.headers, requestSet: host === '' ? [] : [['host', host]] },
  };
}

/** A backend that no router names, for filters that may. */
export function backendOnly(service: HttpService, network: string | undefined): ServiceClaims {
  return { ...PLAIN_SERVICE, ...servedBy(service), service: `${service.name}@service`, network };
}

function readParts(section: Section, name: string, named: Named | undefined, facts: RouterFacts): Router | undefined {
  // Both belong to the router, but are read elsewhere.
  section.text('service');
  section.text('rulesyntax');
  section.family('observability');
  const middlewares = section.list('middlewares') ?? [];
  const places = readEntryPoints(section, facts.settings, facts.input);
  const priority = section.integer('priority', -MAX_PRIORITY, MAX_PRIORITY) ?? 0;
  const tls = readRouterTls(section, { isAsked: asksForTls(named?.pairs ?? []), isRaw: false }, facts.settings);
  const rule = tryRule(() => readRuleOrDefault(section.text('rule') ?? '', facts));
  if ('problem' in rule) {
    const isDefault = (section.text('rule') ?? '') === '';
    const label = isDefault ? 'docker.dialects.traefik.defaultRule' : section.label('rule');
    section.report.refuse(`${show(label)}: ${rule.problem.message}`, rule.problem.expected);
    return undefined;
  }
  return {
    name,
    rule: rule.value,
    priority: priority === 0 ? rule.value.priority : priority,
    places,
    tls,
    middlewares,
  };
}

function readRuleOrDefault(text: string, { settings, template }: RouterFacts): Rule {
  if (text !== '') return readRule(text);
  const { defaultRule } = settings;
  if ('problem' in defaultRule) throw defaultRule.problem;
  const made = defaultRule.value(template);
  if (made.trim() === '') throw new RuleError(1, 'an empty rule', 'a rule such as Host(`example.com`)');
  return readRule(made);
}
