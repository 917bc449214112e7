import type { Container } from '../../container.ts';
import type { ServiceProtocol } from '../dialect.ts';
import type { Block } from './block.ts';
import type { Report } from './report.ts';
import { upstreamsIn } from './templates.ts';

/** A port of the container itself. */
export interface OwnPort {
  readonly port: number;
  readonly protocol: ServiceProtocol;
}

const ADDRESS = /^(?:(https?|h2c):\/\/)?([^\s:/{}]+)(?::(\d{1,5}))?\/?$/;

/** Where `reverse_proxy` sends to. Other places than the container itself are refused: its labels are not the operator's word. */
export function readUpstreams(
  block: Block,
  words: readonly string[],
  container: Container,
  report: Report,
): readonly OwnPort[] {
  const ports = words.map((word) => ownPort(word, namesOf(container)));
  const found = ports.filter((port) => port !== undefined);
  if (found.length === ports.length && found.length > 0) return found;
  const reason = words.length === 0 ? 'it has no upstream' : 'an upstream that is not this container';
  report.refuse(block, reason, '{{upstreams [http|https|h2c] <port>}}; other addresses are for dproxy.yml');
  return [];
}

function ownPort(word: string, names: ReadonlySet<string>): OwnPort | undefined {
  const template = upstreamsIn(word);
  if (template !== undefined) return portOf(template.scheme, template.port);
  const [, scheme = '', host = '', digits = '0'] = ADDRESS.exec(word) ?? [];
  return names.has(host.toLowerCase()) ? portOf(scheme, Number(digits)) : undefined;
}

/** Without a port it is the one of the scheme. */
function portOf(scheme: string, port: number): OwnPort | undefined {
  const protocol = scheme === 'https' || scheme === 'h2c' ? scheme : 'http';
  if (port > 65_535) return undefined;
  return { port: port === 0 ? (protocol === 'https' ? 443 : 80) : port, protocol };
}

/** By which other containers on its networks call it. */
function namesOf({ name, hostname, labels }: Container): ReadonlySet<string> {
  const service = labels.get('com.docker.compose.service') ?? '';
  return new Set([name, hostname, service].filter((each) => each !== '').map((each) => each.toLowerCase()));
}
