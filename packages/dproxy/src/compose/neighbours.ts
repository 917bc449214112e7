import type { Container } from '@dproxy/discovery';

/** Proxies in whose place dproxy comes, by their images; and what of theirs dproxy.yml says instead. */
interface Neighbour {
  readonly image: RegExp;
  readonly name: string;
  /** Variables of its own container, and what stands in dproxy.yml for them; empty: nothing is needed. */
  readonly variables: ReadonlyMap<string, (value: string) => string>;
}

const DIALECT = 'docker.dialects.nginxProxy';

const NGINX_PROXY: Neighbour['variables'] = new Map<string, (value: string) => string>([
  ['DEFAULT_HOST', (value) => `${DIALECT}.defaultHost: ${value}`],
  ['DEFAULT_ROOT', (value) => (value === '404' ? '' : `${DIALECT}.defaultRoot: <status>, or a route in dproxy.yml`)],
  ['HTTPS_METHOD', (value) => `${DIALECT}.httpsMethod: ${value}`],
  ['HSTS', (value) => `${DIALECT}.hsts: ${value}`],
  ['NON_GET_REDIRECT', (value) => `${DIALECT}.nonGetRedirect: ${value}`],
  ['HTTP_PORT', (value) => `listen.http: ${value}`],
  ['HTTPS_PORT', (value) => `listen.https: ${value}`],
  [
    'TRUST_DOWNSTREAM_PROXY',
    (value) => (value === 'false' ? '' : 'trustedProxies: the addresses of the proxy in front'),
  ],
  [
    'ENABLE_PROXY_PROTOCOL',
    (value) => (value === 'true' ? 'listen: {http: {proxyProtocol: <addresses of the sender>}}' : ''),
  ],
  ['SSL_POLICY', () => 'tls.profile: intermediate or modern'],
]);

const COMPANION: Neighbour['variables'] = new Map<string, (value: string) => string>([
  ['DEFAULT_EMAIL', (value) => `acme.email: ${value}`],
  ['ACME_CA_URI', (value) => `acme.directory: ${value}`],
  ['DEFAULT_KEY_SIZE', () => 'acme.keyType'],
  ['ACME_CHALLENGE', (value) => (value === 'DNS-01' ? 'acme.dns' : '')],
  ['ACME_CERT_PROFILE', (value) => `acme.profile: ${value}`],
]);

const NEIGHBOURS: readonly Neighbour[] = [
  {
    image: /(?:^|\/)(?:nginxproxy|nginx-proxy|jwilder)\/nginx-proxy(?:[:@]|$)/,
    name: 'nginx-proxy',
    variables: NGINX_PROXY,
  },
  {
    image:
      /(?:^|\/)(?:nginxproxy\/acme-companion|nginx-proxy\/acme-companion|jrcs\/letsencrypt-nginx-proxy-companion)(?:[:@]|$)/,
    name: 'acme-companion',
    variables: COMPANION,
  },
  { image: /(?:^|\/)(?:nginxproxy|jwilder)\/docker-gen(?:[:@]|$)/, name: 'docker-gen', variables: new Map() },
  { image: /^(?:(?:docker\.io\/)?library\/)?traefik(?:[:@]|$)/, name: 'Traefik', variables: new Map() },
  { image: /(?:^|\/)lucaslorentz\/caddy-docker-proxy(?:[:@]|$)/, name: 'caddy-docker-proxy', variables: new Map() },
  { image: /(?:^|\/)docksal\/vhost-proxy(?:[:@]|$)/, name: "Docksal's vhost-proxy", variables: new Map() },
  { image: /(?:^|\/)passcod\/rproxy(?:[:@]|$)/, name: 'rproxy', variables: new Map() },
  { image: /(?:^|\/)(?:sablierapp|acouvreur)\/sablier(?:[:@]|$)/, name: 'Sablier', variables: new Map() },
];

export interface NeighbourFound {
  readonly name: string;
  /** Lines for dproxy.yml. */
  readonly settings: readonly string[];
}

/** Whether this is a proxy that dproxy comes in place of. */
export function neighbourOf({ image, env }: Container): NeighbourFound | undefined {
  const found = NEIGHBOURS.find((neighbour) => neighbour.image.test(image));
  if (found === undefined) return undefined;
  const settings = [...found.variables].map(([name, say]) => {
    const value = (env.get(name) ?? '').trim();
    return value === '' ? '' : say(value.slice(0, 200));
  });
  return { name: found.name, settings: settings.filter((line) => line !== '') };
}
