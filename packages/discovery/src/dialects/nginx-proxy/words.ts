/** Labels of nginx-proxy on the containers that it serves. */
export const LABEL_PREFIX = 'com.github.nginx-proxy.nginx-proxy.';

/** Marks the container of nginx-proxy itself for docker-gen: says nothing about a site. */
const MARKER = `${LABEL_PREFIX}nginx`;

const VARIABLES: ReadonlySet<string> = new Set([
  'CERT_NAME',
  'ENABLE_HTTP_ON_MISSING_CERT',
  'EXTERNAL_HTTP_PORT',
  'EXTERNAL_HTTPS_PORT',
  'HSTS',
  'HTTPS_METHOD',
  'NETWORK_ACCESS',
  'NON_GET_REDIRECT',
  'SERVER_TOKENS',
  'SSL_POLICY',
  'VIRTUAL_DEST',
  'VIRTUAL_HOST',
  'VIRTUAL_HOST_MULTIPORTS',
  'VIRTUAL_PATH',
  'VIRTUAL_PORT',
  'VIRTUAL_PROTO',
  'VIRTUAL_ROOT',
  'ZEROSSL_API_KEY',
]);

/** Of acme-companion: today's names, and those from before 2.5. */
const ACME = /^(?:ACME|LETSENCRYPT|ACMESH)_[A-Z_]{1,40}$/;

const PUBLIC: ReadonlySet<string> = new Set([
  'ACME_HOST',
  'EXTERNAL_HTTP_PORT',
  'EXTERNAL_HTTPS_PORT',
  'LETSENCRYPT_HOST',
  'VIRTUAL_HOST',
  'VIRTUAL_HOST_MULTIPORTS',
]);

export function isOwnWord(kind: 'label' | 'env', name: string): boolean {
  if (kind === 'label') return name.startsWith(LABEL_PREFIX) && name !== MARKER;
  return VARIABLES.has(name) || ACME.test(name);
}

/** A name or a port that the world sees; where it leads within the container is no claim. */
export function isPublicClaim(kind: 'label' | 'env', name: string): boolean {
  return kind === 'env' && PUBLIC.has(name);
}
