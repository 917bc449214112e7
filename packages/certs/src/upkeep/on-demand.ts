import type { OnDemandSettings, Scheduler } from '@dproxy/config';
import { canonicalHost, isAddressHost } from '@dproxy/core';
import { Budget } from './budget.ts';
import { type Ask, Permissions } from './permission.ts';
import type { RoutedNames } from './routed-names.ts';
import type { StateDocument } from './state-document.ts';
import { isPublicName } from './wanted-names.ts';

const MINUTE_MS = 60_000;
const MAX_LABELS = 10;
const MAX_NAMES = 10_000;

/** A name that got its certificate because a handshake asked for it; it is renewed as long as it is allowed and routed. */
export interface OnDemandName {
  readonly name: string;
  readonly sinceMs: number;
}

export interface OnDemandOptions {
  readonly scheduler: Scheduler;
  readonly ask: Ask;
  readonly document: StateDocument<readonly OnDemandName[]>;
}

/**
 * Decides about names that only a handshake tells: whoever connects here can send any. Cheap refusals come first, nobody is
 * asked without a budget, and a name that got no certificate is forgotten.
 */
export class OnDemand {
  readonly #options: OnDemandOptions;
  readonly #permissions: Permissions;
  /** What the `ask` URL has to bear. */
  readonly #questions = new Budget(60, MINUTE_MS);
  readonly #perMinute = new Budget(10, MINUTE_MS);
  readonly #perHour = new Budget(100, 60 * MINUTE_MS);
  readonly #issued = new Map<string, OnDemandName>();
  readonly #trying = new Set<string>();

  constructor(options: OnDemandOptions) {
    this.#options = options;
    this.#permissions = new Permissions(options.scheduler, options.ask);
  }

  async load(): Promise<void> {
    for (const entry of await this.#options.document.read()) this.#issued.set(entry.name, entry);
  }

  follow(settings: OnDemandSettings | undefined): void {
    this.#permissions.follow(settings);
  }

  /** To be ordered and renewed as things are. */
  names(routed: RoutedNames): readonly string[] {
    const all = new Set([...this.#issued.keys(), ...this.#trying]);
    return [...all].filter((name) => this.#permissions.isListed(name) && routed.has(name));
  }

  has(name: string): boolean {
    return this.#issued.has(name) || this.#trying.has(name);
  }

  /** @returns whether the name is ordered now */
  async admit(host: string, routed: RoutedNames): Promise<boolean> {
    if (!this.#permissions.isOn || !isOrderable(host) || !routed.has(host)) return false;
    if (this.has(host)) return true;
    const { scheduler } = this.#options;
    if (this.#permissions.known(host) === undefined) {
      if (!this.#questions.has(scheduler.nowMs())) return false;
      this.#questions.spend(scheduler.nowMs());
    }
    if ((await this.#permissions.ask(host)) !== 'yes') return false;
    return this.has(host) || this.#pay(host, scheduler.nowMs());
  }

  /** Before a renewal: only a clear no ends it, for whoever should be asked may be down. */
  async mayRenew(name: string): Promise<boolean> {
    return (await this.#permissions.ask(name)) !== 'no';
  }

  async remember(name: string): Promise<void> {
    if (!this.#trying.delete(name)) return;
    const entry = { name, sinceMs: this.#options.scheduler.nowMs() };
    this.#issued.set(name, entry);
    await this.#options.document.update((before) => ({
      value: [...before.filter((other) => other.name !== name), entry].slice(-MAX_NAMES),
      result: undefined,
    }));
  }

  /** It got no certificate; the next handshake may ask again. */
  giveUp(name: string): void {
    this.#trying.delete(name);
  }

  async drop(name: string): Promise<void> {
    this.#trying.delete(name);
    if (!this.#issued.delete(name)) return;
    await this.#options.document.update((before) => ({
      value: before.filter((other) => other.name !== name),
      result: undefined,
    }));
  }

  /** One client's share is the workers' to see to: they know who asks. */
  #pay(host: string, nowMs: number): boolean {
    const budgets = [this.#perMinute, this.#perHour];
    if (!budgets.every((budget) => budget.has(nowMs))) return false;
    for (const budget of budgets) budget.spend(nowMs);
    this.#trying.add(host);
    return true;
  }
}

/** @param stored what was read from the state folder: anything */
export function parseOnDemandNames(stored: unknown): readonly OnDemandName[] {
  return Array.isArray(stored) ? stored.filter(isOnDemandName) : [];
}

function isOnDemandName(value: unknown): value is OnDemandName {
  if (typeof value !== 'object' || value === null) return false;
  const { name, sinceMs } = value as Partial<OnDemandName>;
  return typeof name === 'string' && isOrderable(name) && Number.isSafeInteger(sinceMs);
}

/** A single public name in its one spelling; deep ones are only found in attacks. */
function isOrderable(host: string): boolean {
  if (canonicalHost(host) !== host || isAddressHost(host) || host.startsWith('*.') || host.includes('_')) return false;
  return isPublicName(host) && host.split('.').length <= MAX_LABELS;
}
