import type {
  Listener,
  Origin,
  PortRange,
  Rejection,
  RouteDefinition,
  StreamDefinition,
  TlsProfile,
} from '@dproxy/core';
import type { FileValues } from '../schema/file-schema.ts';

/** What the file says beside routes and TCP; an absent key was not mentioned (or was refused, without a last good). */
export type FileSettings = {
  readonly [K in keyof Omit<FileValues, 'routes' | 'tcp' | 'udp' | 'tls' | 'filters'>]?: NonNullable<FileValues[K]>;
} & {
  readonly tls?: TlsSection;
  /** `tcp.allow` */
  readonly allowedPorts?: readonly PortRange[];
};

/** `tls`, each host on its own. */
export interface TlsSection {
  readonly profile: TlsProfile | undefined;
  readonly hosts: readonly TlsHost[];
}

export interface TlsHost {
  /** A host pattern like `Route.host`. */
  readonly host: string;
  /** Undefined: that of all hosts. */
  readonly profile: TlsProfile | undefined;
  /** `ca` is a path as written; empty: it could not be read, and nobody gets in. Undefined: none are asked for. */
  readonly clientCertificates: { readonly mode: 'require' | 'optional'; readonly ca: string } | undefined;
  /** Its entry was refused: it stands for what was wanted, until there is a good version. */
  readonly isRefused: boolean;
  /** Position of its entry. */
  readonly index: number;
  readonly line: number;
}

/** One entry of `tcp` or `udp`. */
export interface StreamEntry {
  /** Undefined: it shares one that is there anyway. */
  readonly listener: Listener | undefined;
  readonly stream: StreamDefinition;
  readonly origin: Origin;
}

/** A part of the file that was refused, with all that is wrong with it. */
export interface RefusedPart {
  readonly section: string;
  /** The name within the section (`limits.headMs`), or empty. */
  readonly name: string;
  /** Position in the list (`routes`, `tcp`, `udp`), or -1. */
  readonly index: number;
  /** `RouteDefinition.id`, `StreamDefinition.id` or the hosts of `tls`, as far as the entry still says it; else empty. */
  readonly id: string;
  readonly rejections: readonly Rejection[];
}

/** A dproxy.yml after validation. Plain data. */
export interface ParsedFile {
  /** Absolute. */
  readonly path: string;
  /** False: the text is no YAML document of ours at all, and `refused` says why. */
  readonly isReadable: boolean;
  readonly settings: FileSettings;
  readonly definitions: readonly RouteDefinition[];
  readonly tcp: readonly StreamEntry[];
  readonly udp: readonly StreamEntry[];
  readonly refused: readonly RefusedPart[];
  /** All of `refused`, in the order of lines; at most 1,000. */
  readonly rejected: readonly Rejection[];
}

const MAX_REJECTIONS = 1_000;

/** The rejections of all parts, in the order of the file. */
export function collectRejections(refused: readonly RefusedPart[]): Rejection[] {
  const all = refused.flatMap((part) => part.rejections);
  all.sort((a, b) => a.line - b.line || a.column - b.column);
  const last = all[MAX_REJECTIONS - 1];
  if (all.length <= MAX_REJECTIONS || last === undefined) return all;
  const rest = { ...last, message: `${all.length - MAX_REJECTIONS + 1} more are not shown`, expected: 'see above' };
  return [...all.slice(0, MAX_REJECTIONS - 1), rest];
}
