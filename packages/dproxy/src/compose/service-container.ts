import { hash } from 'node:crypto';
import type { Attachment, Container } from '@dproxy/discovery';
import type { ComposeNote, Table } from './compose-document.ts';
import { isScalar, isTable, tableOr } from './compose-document.ts';
import { readPorts } from './compose-ports.ts';
import type { Variables } from './interpolate.ts';

/**
 * Stands in for the ports that an image declares (EXPOSE), which no compose file tells: a port of the container's that nothing can
 * be listening on here, so that it is recognised wherever it comes out.
 */
export const IMAGE_PORT = 1;

export interface ServiceFacts {
  readonly project: string;
  /** Top-level `networks`. */
  readonly networks: Table;
  /** What the environment of the command line has: for variables that are passed on. */
  readonly variables: Variables;
  /** Variables of `env_file`, in order. */
  readonly envFiles: Variables;
  /** Position in the file: the order in which containers are created, for want of a better one. */
  readonly index: number;
}

export interface ServiceContainer {
  readonly container: Container;
  readonly notes: readonly ComposeNote[];
}

/** The container that `docker compose up` would make of a service, as the engine would describe it. Pure. */
export function containerOfService(service: string, table: Table, facts: ServiceFacts): ServiceContainer {
  const { project, index } = facts;
  const name = text(table['container_name']) || `${project}-${service}-1`;
  const ports = readPorts(table['ports'], table['expose']);
  const networkMode = networkModeOf(table, project);
  const container: Container = {
    id: hash('sha256', `${project}/${service}`),
    name,
    image: text(table['image']),
    imageId: `compose:${project}/${service}`,
    createdMs: index + 1,
    state: 'running',
    health: 'none',
    startedMs: 0,
    exitCode: 0,
    isAutoRemoved: false,
    stopSignal: 15,
    stopTimeoutMs: 10_000,
    hostname: text(table['hostname']) || hash('sha256', `${project}/${service}`).slice(0, 12),
    domainname: text(table['domainname']),
    labels: new Map([
      ...pairs(table['labels']),
      ['com.docker.compose.project', project],
      ['com.docker.compose.service', service],
    ]),
    env: new Map([...facts.envFiles, ...environmentOf(table['environment'], facts.variables)]),
    networkMode,
    tcpPorts: ports.tcp.length === 0 && networkMode !== 'host' ? [IMAGE_PORT] : ports.tcp,
    udpPorts: ports.udp,
    published: ports.published,
    hostPorts: [],
    publishedUdp: new Map(),
    attachments: networkMode === 'default' ? attachmentsOf(table['networks'], facts) : hostAttachment(networkMode),
  };
  return { container, notes: notesOf(service, table, ports.refused) };
}

function networkModeOf(table: Table, project: string): string {
  const mode = text(table['network_mode']);
  if (mode === '' || mode === 'bridge') return 'default';
  if (!mode.startsWith('service:')) return mode;
  return `container:${hash('sha256', `${project}/${mode.slice('service:'.length)}`)}`;
}

function hostAttachment(networkMode: string): readonly Attachment[] {
  return networkMode === 'host' ? [{ network: 'host', networkId: 'host', address: '', gateway: '' }] : [];
}

/** Addresses of one network, which nobody looks at: what counts is that there is one. */
function attachmentsOf(networks: unknown, { project, networks: known, index }: ServiceFacts): readonly Attachment[] {
  const names = Array.isArray(networks) ? networks.filter(isScalar).map(String) : Object.keys(tableOr(networks));
  const address = `172.18.${Math.floor(index / 250)}.${(index % 250) + 2}`;
  return (names.length === 0 ? ['default'] : names)
    .map((key) => {
      const declared = tableOr(known[key]);
      const isExternal = declared['external'] !== undefined && declared['external'] !== false;
      const network = text(declared['name']) || (isExternal ? key : `${project}_${key}`);
      return { network, networkId: network, address, gateway: '172.18.0.1' };
    })
    .sort((a, b) => (a.network < b.network ? -1 : 1));
}

/** A map, or a list of `NAME=value`; without a value the variable is passed on from outside, if it is there. */
function environmentOf(value: unknown, variables: Variables): readonly (readonly [string, string])[] {
  return rawPairs(value).flatMap(([name, said]): (readonly [string, string])[] => {
    const found = said ?? variables.get(name);
    return found === undefined ? [] : [[name, found]];
  });
}

function pairs(value: unknown): readonly (readonly [string, string])[] {
  return rawPairs(value).map(([name, said]) => [name, said ?? '']);
}

function rawPairs(value: unknown): readonly (readonly [string, string | undefined])[] {
  if (isTable(value)) {
    return Object.entries(value).map(([name, each]) => [name, isScalar(each) ? String(each) : undefined]);
  }
  if (!Array.isArray(value)) return [];
  return value.filter(isScalar).map((entry) => {
    const line = String(entry);
    const equals = line.indexOf('=');
    return equals === -1 ? [line, undefined] : [line.slice(0, equals), line.slice(equals + 1)];
  });
}

function notesOf(service: string, table: Table, refusedPorts: readonly string[]): readonly ComposeNote[] {
  const notes: ComposeNote[] = refusedPorts.map((port) => ({
    service,
    message: `ports: ${port} cannot be read`,
    expected: '[[address:]outside:]inside[/protocol]',
  }));
  const deployed = pairs(tableOr(table['deploy'])['labels']);
  if (deployed.length > 0) {
    notes.push({
      service,
      message: 'deploy.labels are on a service of Swarm, not on its containers, and are not read',
      expected: 'the same under `labels:`',
    });
  }
  if (table['label_file'] !== undefined) {
    notes.push({ service, message: '`label_file` is not followed', expected: 'the output of `docker compose config`' });
  }
  return notes;
}

function text(value: unknown): string {
  return isScalar(value) ? String(value) : '';
}
