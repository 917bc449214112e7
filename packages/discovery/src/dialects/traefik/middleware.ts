import { didYouMean, type Filter } from '@dproxy/core';
import { show } from '../show.ts';
import type { Named } from './labels.ts';
import { NOTHING, type Effect } from './middlewares/effect.ts';
import { MIDDLEWARE_TYPES } from './middlewares/table.ts';
import { readReference } from './names.ts';
import { Report, Section } from './section.ts';

/** A middleware where it was found. */
export interface Found {
  readonly named: Named;
  /** Name of the container; empty: the options of dproxy.yml. */
  readonly from: string;
  /** Containers of two other projects that define it differently. */
  readonly clash?: readonly [string, string] | undefined;
}

/** Finds middlewares by name, in lower case. */
export interface MiddlewareFinder {
  /** Of any container, or of the options. */
  find(name: string): Found | undefined;
  /** Of the options alone, which stand for the file provider. */
  findConfigured(name: string): Found | undefined;
}

export interface MiddlewareReading {
  readonly effect: Effect;
  /** Of a chain: its members. */
  readonly chain: readonly string[];
  readonly isHarmless: boolean;
  readonly report: Report;
}

const MAX_DEPTH = 16;
const MAX_FILTERS = 64;
/** Middlewares that one router's list leads to, one that is met twice counted twice. */
const MAX_STEPS = 256;
const TYPES = [...MIDDLEWARE_TYPES.keys(), 'chain'];

/** By what it was read from: patterns cost, and each of many routers may have them. */
const READ = new WeakMap<Named['pairs'], MiddlewareReading>();

export function readMiddleware(named: Named): MiddlewareReading {
  const known = READ.get(named.pairs);
  if (known !== undefined) return known;
  const reading = readOnce(named);
  READ.set(named.pairs, reading);
  return reading;
}

function readOnce({ name, pairs }: Named): MiddlewareReading {
  const section = new Section(`traefik.http.middlewares.${name}`, pairs);
  const { report } = section;
  const types = new Set(pairs.map(([key]) => key.split('.', 1)[0]?.replace(/\[.*$/, '').toLowerCase() ?? ''));
  types.delete('');
  const [type = '', ...others] = types;
  const known = MIDDLEWARE_TYPES.get(type);
  if (others.length > 0)
    report.refuse(
      `${show(section.label(''))} has several types: ${[...types].slice(0, 8).join(', ')}`,
      'one type for each name',
    );
  const body = section.sub(type);
  if (body === undefined || (known === undefined && type !== 'chain')) {
    report.refuse(`${show(section.label(type))} is no middleware that dproxy knows`, nearestType(type));
    return { effect: NOTHING, chain: [], isHarmless: false, report };
  }
  const chain = type === 'chain' ? (body.list('middlewares') ?? []) : [];
  const effect = known?.read(body) ?? NOTHING;
  body.finish();
  return { effect, chain, isHarmless: known?.isHarmless ?? false, report };
}

function nearestType(wrong: string): string {
  const meant = didYouMean(wrong, TYPES);
  return meant === undefined ? `one of: ${TYPES.join(', ')}` : `${meant}, probably`;
}

/**
 * What the middlewares of a router do, in their order, chains in place. The report has failed when one of them is missing or
 * cannot be honoured that is not harmless: the router must not be served without it.
 *
 * @param label the one that lists them, for messages
 */
export function resolveMiddlewares(
  names: readonly string[],
  finder: MiddlewareFinder,
  label: string,
): Effect & { readonly report: Report } {
  const report = new Report();
  const filters: Filter[] = [];
  let hsts = '';
  let steps = 0;
  const walk = (list: readonly string[], path: readonly string[]): void => {
    for (const raw of list) {
      steps += 1;
      // Chains of chains double, also those that end in nothing: what they cost ends here.
      if (steps > MAX_STEPS || filters.length > MAX_FILTERS) return;
      const found = lookUp(raw, finder, { report, label });
      if (found === undefined) continue;
      const key = found.named.name.toLowerCase();
      if (path.includes(key) || path.length >= MAX_DEPTH) {
        report.refuse(`${show(label)}: the chain ${show(raw)} contains itself`, 'a chain that ends');
        continue;
      }
      const { effect, chain, isHarmless, report: own } = readMiddleware(found.named);
      if (own.hasFailed) reportFailure(found, { own, isHarmless, report, label });
      if (!own.hasFailed) filters.push(...effect.filters);
      hsts = effect.hsts === '' ? hsts : effect.hsts;
      walk(chain, [...path, key]);
    }
  };
  walk(names, []);
  if (filters.length > MAX_FILTERS)
    report.refuse(`${show(label)}: ${filters.length} filters`, `at most ${MAX_FILTERS}`);
  if (steps > MAX_STEPS)
    report.refuse(`${show(label)}: chains that lead to more than ${MAX_STEPS} middlewares`, 'fewer');
  return { filters, hsts, report };
}

interface Where {
  readonly report: Report;
  readonly label: string;
}

function lookUp(raw: string, finder: MiddlewareFinder, { report, label }: Where): Found | undefined {
  const { name, provider } = readReference(raw);
  if (provider !== 'docker' && provider !== 'file') {
    report.refuse(
      `${show(label)}: ${show(raw)} is not in labels`,
      'a middleware that labels define, or filters: of a route in dproxy.yml',
    );
    return undefined;
  }
  const found = provider === 'file' ? finder.findConfigured(name) : finder.find(name);
  if (found?.clash !== undefined) {
    report.refuse(
      `${show(label)}: the middleware ${show(raw)} is defined on ${found.clash.join(' and ')}, differently, and in the own project on none`,
      'a middleware of the own project, or another name',
    );
    return undefined;
  }
  if (found !== undefined) return found;
  const configured = `docker.dialects.traefik.labels in dproxy.yml: traefik.http.middlewares.${name}.<type>.<option>`;
  report.refuse(
    `${show(label)}: the middleware ${show(raw)} ${provider === 'file' ? "is in a file of Traefik's, which dproxy does not read" : 'is not defined on any container'}`,
    provider === 'file' ? configured : `labels traefik.http.middlewares.${name}.<type>.<option>, or ${configured}`,
  );
  return undefined;
}

function reportFailure(
  { named, from }: Found,
  { own, isHarmless, report, label }: Where & { readonly own: Report; readonly isHarmless: boolean },
): void {
  const [first] = own.problems;
  const place = from === '' ? 'docker.dialects.traefik.labels' : from;
  const message = `${show(label)}: ${show(named.name)} of ${place} cannot be honoured: ${first?.message ?? ''}`;
  const expected = first?.expected ?? 'a middleware that dproxy knows';
  if (isHarmless) report.note(message, expected);
  else report.refuse(message, expected);
}
