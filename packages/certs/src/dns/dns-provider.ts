import type { Environment } from '@dproxy/config';
import type { Log } from '@dproxy/core';
import type { Turns } from './turns.ts';
import type { ZoneMemory } from './zone-memory.ts';

/** What must be found under a name, and the challenge that it answers. */
export interface TxtRecord {
  /** Without final dot; aliases are already followed. */
  readonly name: string;
  readonly value: string;
  /** The zone that the DNS says the name is in; empty: unknown. A provider may see it otherwise. */
  readonly zone: string;
  /** The name of the order, without `*.`. */
  readonly host: string;
  readonly token: string;
  readonly keyAuthorization: string;
}

/**
 * Makes and removes one value of a TXT record. The value of a challenge belongs to one authorization of one account (RFC 8555
 * section 8.4), so that a record with that value is ours, whoever made it: after a restart, too, it is found by its value.
 */
export interface DnsProvider {
  /** Leaves the other values of that name as they are. What is there already is no error. @throws IssueError */
  add(record: TxtRecord, signal: AbortSignal): Promise<void>;
  /** What is not there is no error. @throws IssueError */
  remove(record: TxtRecord, signal: AbortSignal): Promise<void>;
}

export interface ProviderContext {
  /** For messages: `Cloudflare`. */
  readonly title: string;
  /** Empty: neither said nor defaulted. */
  readonly option: (name: string) => string;
  /** Values that must not be seen in a message. */
  readonly secrets: readonly string[];
  readonly ttl: number;
  /** For one call. */
  readonly timeoutMs: number;
  readonly env: Environment;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly zones: ZoneMemory;
  /** For changes that must not overlap: whole sets are replaced, or a script is not made for it. */
  readonly turns: Turns;
}
