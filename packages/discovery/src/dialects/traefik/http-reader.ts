import type { LabelProblem, ServiceClaims } from '../dialect.ts';
import { show } from '../show.ts';
import { withAddresses } from './container-urls.ts';
import { finderOf, type ReadContext } from './context.ts';
import { backendOnly, readRouter, type RouterFacts, type RouterTarget } from './http-router.ts';
import { readHttpService, type HttpService } from './http-service.ts';
import type { Named } from './labels.ts';
import { linksOf, type Link, type Links } from './links.ts';
import { readMiddleware } from './middleware.ts';

/** Reads the routers, services and middlewares of one container. */
export class HttpReader {
  readonly #context: ReadContext;
  readonly problems: LabelProblem[] = [];
  readonly #services = new Map<string, HttpService | undefined>();

  constructor(context: ReadContext) {
    this.#context = context;
  }

  read(): readonly ServiceClaims[] {
    const { labels, input, offers } = this.#context;
    this.#readMiddlewares();
    const links = linksOf(labels, input.container, 'http');
    for (const [key, named] of links.services) this.#readService(key, named, links);
    const own = links.routers.flatMap((link) => this.#readOwnRouter(link, links));
    const foreign = [...this.#services.keys()].flatMap((key) =>
      offers
        .foreignRouters('http-router-for', key, input.container.name)
        .flatMap((router) => this.#readForeignRouter(router, key)),
    );
    const claims = withoutTwins([...own, ...foreign]);
    const used = new Set(claims.map(({ backend }) => backend));
    const unused = [...this.#services].filter(([key]) => !used.has(key));
    return [
      ...claims,
      ...unused.flatMap(([, service]) => (service === undefined ? [] : [backendOnly(service, this.#context.network)])),
    ];
  }

  #readMiddlewares(): void {
    const { labels, offers } = this.#context;
    for (const named of labels.http.middlewares.values()) {
      this.problems.push(...readMiddleware(named).report.problems);
      const winner = offers.conflict('http-middleware', named);
      if (winner !== undefined) this.#conflict(`traefik.http.middlewares.${named.name}`, winner.from);
    }
  }

  #readService(key: string, named: Named | undefined, links: Links): void {
    const { input, settings, network, labels } = this.#context;
    const facts = { container: input.container, settings, network };
    const { service, problems } = readHttpService(named?.name ?? links.implicit, named, facts);
    this.#services.set(key, service);
    // A container that only has middlewares for others, such as Traefik's own, need not be a site.
    const isBystander = named === undefined && labels.http.routers.size === 0 && labels.http.middlewares.size > 0;
    if (!isBystander) this.problems.push(...problems);
  }

  #readOwnRouter(link: Link, links: Links): readonly ServiceClaims[] {
    const { offers } = this.#context;
    const { router } = link;
    const label = `traefik.http.routers.${router?.name ?? links.implicit}`;
    const winner = router === undefined ? undefined : offers.conflict('http-router', router);
    if (winner !== undefined) {
      this.#conflict(label, winner.from);
      return [];
    }
    const target = this.#targetOf(link, label, links);
    if (target === undefined) return [];
    const { claims, problems } = readRouter(router?.name ?? links.implicit, router, target, this.#facts());
    this.problems.push(...problems);
    return claims;
  }

  /** Undefined when there is nothing to serve here; what is wrong is reported. */
  #targetOf({ service, isExplicit, router }: Link, label: string, { services }: Links): RouterTarget | undefined {
    if (service === undefined) {
      const names = [...services.keys()].join(', ');
      this.problems.push({
        message: `${show(label)} cannot choose among several services: ${show(names)}`,
        expected: `the label ${show(label)}.service=<one of them>`,
      });
      return undefined;
    }
    if (services.has(service)) return this.#services.get(service);
    if (service === 'noop@internal') return 'nowhere';
    if (!isExplicit || router === undefined) return undefined;
    if (service.includes('@')) this.problems.push(foreignProvider(label, service));
    else if (this.#context.offers.winner('http-service', service) === undefined) {
      this.problems.push({
        message: `${show(label)}.service: no container has the service ${show(service)}`,
        expected: `the label traefik.http.services.${show(service)}.loadbalancer.server.port on a container`,
      });
    } else {
      // Served by that container, which finds this router among the offers; here only what is wrong with it is said.
      this.problems.push(...readRouter(router.name, router, 'nowhere', this.#facts()).problems);
    }
    return undefined;
  }

  /** What is wrong with it is reported where it is defined. */
  #readForeignRouter(router: Named & { readonly from: string }, service: string): readonly ServiceClaims[] {
    const target = this.#services.get(service);
    if (target === undefined || this.#context.offers.conflict('http-router', router, router.from) !== undefined)
      return [];
    return readRouter(router.name, router, target, this.#facts()).claims;
  }

  #facts(): RouterFacts {
    const { input, settings, network, offers, labels } = this.#context;
    const links = linksOf(labels, input.container, 'http');
    return {
      input,
      settings,
      network,
      finder: finderOf(this.#context),
      template: { name: links.implicit, containerName: input.container.name, labels: input.labels },
      hasTls: (host) => offers.winner('tls-host', host) !== undefined,
      withAddresses: (filters) =>
        withAddresses(filters, { container: input.container, network, find: (name) => offers.named('address', name) }),
    };
  }

  /** Traefik drops all of them, and nobody sees why; here the first holds, and the others are told. */
  #conflict(label: string, from: string): void {
    if (this.#context.input.container.state !== 'running') return;
    this.problems.push({
      message: `${show(label)} is also defined on ${from}, differently, which holds`,
      expected: 'another name, or the same labels',
    });
  }
}

function foreignProvider(label: string, service: string): LabelProblem {
  const message = `${show(label)}.service=${show(service)} is a service of Traefik itself, or of a file that dproxy does not read`;
  const isDashboard = /^(?:api|dashboard|rest|ping|prometheus)@internal$/.test(service);
  return {
    message,
    expected: isDashboard ? "dproxy's own dashboard, API and metrics (api in dproxy.yml)" : 'a route in dproxy.yml',
  };
}

/** The same router on several containers is read once. */
function withoutTwins(claims: readonly ServiceClaims[]): readonly ServiceClaims[] {
  const seen = new Set<string>();
  return claims.filter(({ service }) => {
    const key = service.toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
