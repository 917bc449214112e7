import { compileCondition, ConditionError, type Condition } from '@dproxy/core';
import type { Container } from '../../container.ts';
import type { Dialect, DialectInput, DialectReading, LabelProblem, Offer, ServiceClaims } from '../dialect.ts';
import { offersNamed } from '../offers.ts';
import { show } from '../show.ts';
import { argumentsOf, isSnippet, nameOf, type Block } from './block.ts';
import { expandImports, type FindSnippet } from './imports.ts';
import { isTreeLabel, isUnreadable, readLabelTree } from './label-tree.ts';
import { readLeaves } from './leaves.ts';
import { globalProblem } from './global-options.ts';
import { Report } from './report.ts';
import { readAddresses } from './site-addresses.ts';
import { claimsOfSite } from './site-claims.ts';
import { locksOf, projectOf, withForeignLocks } from './site-locks.ts';
import { readTls } from './site-tls.ts';
import { isUpstreams } from './templates.ts';

const SNIPPET = 'snippet';
const MAX_SITES = 64;

/** What was set on the container of caddy-docker-proxy itself. */
interface CaddyOptions {
  readonly labelPrefix?: string | undefined;
  readonly ingressNetworks?: readonly string[] | undefined;
}

/** The labels of caddy-docker-proxy: a Caddyfile, of which what a proxy of containers needs is understood. */
export function caddy({ labelPrefix = 'caddy', ingressNetworks = [] }: CaddyOptions): Dialect {
  const networkLabel = `${labelPrefix}_ingress_network`;
  const isOwnLabel = (label: string): boolean => label === networkLabel || isTreeLabel(label, labelPrefix);
  return {
    name: 'caddy',
    read: (input) => readCaddy(input, { labelPrefix, networkLabel, ingressNetworks }),
    offers: ({ container, labels }) => offersOf(container, labels, labelPrefix),
    isOwnWord: (kind, name) => kind === 'label' && isOwnLabel(name),
    isPublicClaim: (kind, name) => kind === 'label' && isTreeLabel(name, labelPrefix) && !name.includes('.'),
  };
}

interface Words {
  readonly labelPrefix: string;
  readonly networkLabel: string;
  readonly ingressNetworks: readonly string[];
}

function readCaddy(input: DialectInput, words: Words): DialectReading {
  const { tops, problems } = readLabelTree(input.labels, words.labelPrefix);
  const sites = sitesOf(tops);
  const find = snippetFinder(input, tops);
  const globals = tops.filter(({ keys }) => keys.length === 0).flatMap(({ children }) => children);
  const read = sites.slice(0, MAX_SITES).map((site, index) => readSite(site, String(index), { input, find }));
  const tooMany = { message: `${sites.length} sites on one container`, expected: `at most ${MAX_SITES}` };
  return {
    enable: undefined,
    network: networkOf(input, words),
    services: read.flatMap(({ services }) => services),
    streams: [],
    isSilent: tops.length === 0 && problems.length === 0,
    problems: [
      ...problems,
      ...globals.map(globalProblem),
      ...read.flatMap((site) => site.problems),
      ...(sites.length > MAX_SITES ? [tooMany] : []),
    ],
  };
}

/** Those with the same addresses are one. */
function sitesOf(tops: readonly Block[]): readonly Block[] {
  const sites = new Map<string, Block>();
  for (const top of tops) {
    if (top.keys.length === 0 || isSnippet(top)) continue;
    const key = top.keys.join(' ');
    const known = sites.get(key);
    sites.set(key, known === undefined ? top : { ...known, children: [...known.children, ...top.children] });
  }
  return [...sites.values()];
}

interface SiteFacts {
  readonly input: DialectInput;
  readonly find: FindSnippet;
}

interface ReadSite {
  readonly services: readonly ServiceClaims[];
  readonly problems: readonly LabelProblem[];
}

function readSite(site: Block, name: string, { input, find }: SiteFacts): ReadSite {
  const report = new Report(site.keys.join(' '));
  const addresses = readAddresses(site.keys);
  if ('problem' in addresses || isUnreadable({ ...site, children: [] })) {
    const found = 'problem' in addresses ? show(addresses.problem) : 'a template';
    const expected = 'hosts such as example.com, http://example.com, example.com:8443 or *.example.com';
    report.refuse(site, `${found} is no address of a site`, expected);
    return { services: [], problems: report.problems };
  }
  const blocks = expandImports(withForeignLocks(site, input), find, report);
  const tls = blocks.filter((block) => nameOf(block) === 'tls');
  const https = readTls(tls, report);
  const leaves = readLeaves(blocks, site, { container: input.container, report });
  if (report.isRefused) return { services: [], problems: report.problems };
  const services = claimsOfSite({ name, addresses: addresses.value, https, leaves });
  const problem = services.map(({ condition }) => conditionProblem(condition)).find((each) => each !== undefined);
  if (problem !== undefined) {
    report.refuse(site, `its matchers together: ${problem.message}`, problem.expected);
    return { services: [], problems: report.problems };
  }
  if (leaves.length === 0) report.note(site, 'nothing answers here', 'caddy.reverse_proxy: "{{upstreams 80}}"');
  return { services, problems: report.problems };
}

function conditionProblem(condition: Condition | null): ConditionError | undefined {
  if (condition === null) return undefined;
  try {
    compileCondition(condition);
    return undefined;
  } catch (error) {
    if (error instanceof ConditionError) return error;
    throw error;
  }
}

/**
 * The container's own snippets, else those of its project, else those of the oldest container that has one of this name. Where
 * hosts belong to projects, a name that two others have is nobody's: one of them may be there to leave out a password.
 */
function snippetFinder(
  { offers, container, isOwnedByProject = false }: DialectInput,
  tops: readonly Block[],
): FindSnippet {
  const own = ownSnippets(tops);
  return (name) => {
    const mine = own.get(name);
    if (mine !== undefined) return mine;
    const all = offersNamed(offers, SNIPPET, name);
    const project = projectOf(container);
    const offer = all.find((each) => project !== '' && each.project === project) ?? all[0];
    if (offer === undefined) return undefined;
    const isClear = offer.project === project || all.every((each) => each.project === offer.project);
    return isOwnedByProject && !isClear ? undefined : (offer.value as Block);
  };
}

/** Snippets, but for those that stand for the addresses of their own container; and what locks its sites. */
function offersOf(container: Container, labels: ReadonlyMap<string, string>, prefix: string): readonly Offer[] {
  const { name: from } = container;
  const { tops } = readLabelTree(labels, prefix);
  const snippets = tops.filter((block) => isSnippet(block) && !hasUpstreams(block));
  return [
    ...snippets.map((value) => ({
      kind: SNIPPET,
      name: snippetName(value),
      value,
      from,
      project: projectOf(container),
    })),
    ...sitesOf(tops).flatMap((site) => locksOf(withOwnSnippets(site, tops), container)),
  ];
}

/** What is wrong is told where the site is read; those of other containers are not known here. */
function withOwnSnippets(site: Block, tops: readonly Block[]): Block {
  const own = ownSnippets(tops);
  return { ...site, children: expandImports(site.children, (name) => own.get(name), new Report('')) };
}

function ownSnippets(tops: readonly Block[]): ReadonlyMap<string, Block> {
  return new Map(tops.filter(isSnippet).map((block) => [snippetName(block), block]));
}

function snippetName(block: Block): string {
  return nameOf(block).slice(1, -1);
}

function hasUpstreams(block: Block): boolean {
  return argumentsOf(block).some(isUpstreams) || block.children.some(hasUpstreams);
}

/** `caddy_ingress_network`, else the first of the ingress networks that the container is in. */
function networkOf({ container, labels }: DialectInput, { networkLabel, ingressNetworks }: Words): string | undefined {
  const named = labels.get(networkLabel)?.trim();
  if (named !== undefined && named !== '') return named;
  return ingressNetworks.find((name) => container.attachments.some(({ network }) => network === name));
}
