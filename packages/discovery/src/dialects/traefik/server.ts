import { isIpv4 } from '@dproxy/core';
import type { Attachment, Container } from '../../container.ts';

/** Mail, names, shells and databases are never guessed for the web, although Traefik takes the lowest port whatever it is. */
const NEVER_GUESSED: ReadonlySet<number> = new Set([22, 25, 53, 3306, 5432, 6379]);

/** What Traefik does without a label: the lowest port that the container has. */
export function lowestPort({ tcpPorts }: Pick<Container, 'tcpPorts'>): number | undefined {
  return tcpPorts.find((port) => !NEVER_GUESSED.has(port));
}

/** The attachment that a label's network means: by name, or by the name that compose made of it. */
export function attachmentOn({ attachments, labels }: Container, network: string): Attachment | undefined {
  const project = labels.get('com.docker.compose.project');
  return (
    attachments.find((each) => each.network === network) ??
    attachments.find((each) => project !== undefined && each.network === `${project}_${network}`)
  );
}

/** What Traefik sends as `Host` where it does not pass the client's: the server's own address. Empty while it has none. */
export function ownAddress(container: Container, network: string | undefined, port: number): string {
  const named = network === undefined ? undefined : attachmentOn(container, network);
  const { address } = named ?? container.attachments.find((each) => each.address !== '') ?? { address: '' };
  if (address === '') return '';
  return `${isIpv4(address) ? address : `[${address}]`}:${port}`;
}

export type ServerUrl =
  | { readonly protocol: 'http' | 'https' | 'h2c'; readonly port: number; readonly path: string }
  | { readonly expected: string };

/**
 * `server.url`. A label may send requests nowhere but to its own container (threats: SSRF by label), so the URL must be one
 * of this container.
 */
export function readServerUrl(raw: string, container: Container): ServerUrl {
  const [, scheme = '', rest = ''] = /^(https?|h2c):\/\/(.{1,1024})$/i.exec(raw.trim()) ?? [];
  if (scheme === '' || !URL.canParse(`http://${rest}`)) return { expected: 'a URL such as http://web:8080' };
  const protocol = scheme.toLowerCase() as 'http' | 'https' | 'h2c';
  // Under another scheme the parser would leave out a port that is usual there.
  const url = new URL(`http://${rest}`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.username !== '' || !isOwnName(host, container)) {
    return {
      expected: `a URL of ${container.name} itself; other servers are routes in dproxy.yml (routes: [{ host: ..., to: ... }])`,
    };
  }
  const written = /:(\d{1,5})(?:[/?#]|$)/.exec(rest.replace(/^\[[^\]]*\]/, ''))?.[1];
  return { protocol, port: Number(written ?? (protocol === 'https' ? 443 : 80)), path: url.pathname };
}

function isOwnName(host: string, { name, hostname, labels, attachments }: Container): boolean {
  const names = [name, hostname, labels.get('com.docker.compose.service') ?? ''];
  const addresses = attachments.map(({ address }) => address);
  return host !== '' && [...names, ...addresses].some((each) => each.toLowerCase() === host.toLowerCase());
}
