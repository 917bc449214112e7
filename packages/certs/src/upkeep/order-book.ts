import type { AcmeAuthority, AcmeSettings } from '@dproxy/config';
import { type CertificateRef, isAddressHost } from '@dproxy/core';
import { isPublicAuthority, isTestAuthorityName, takesAddresses } from './authority-limits.ts';
import { namesOfFiles } from './certificate-index.ts';
import type { Failures } from './failures.ts';
import type { OnDemand } from './on-demand.ts';
import { type PlannedOrder, planOrders } from './plan-orders.ts';
import type { Askable, RenewalWindows } from './renewal-windows.ts';
import { RoutedNames } from './routed-names.ts';
import { renewalMs, urgentMs } from './schedule.ts';
import { settingsFingerprint } from './settings-fingerprint.ts';
import type { Stock } from './stock.ts';
import type { OrderFacts } from './views.ts';
import { isPublicName, type RoutedName, wantedNames, type WantedNames } from './wanted-names.ts';

export interface OrderBookParts {
  readonly stock: Stock;
  readonly failures: Failures;
  readonly windows: RenewalWindows;
  readonly onDemand: OnDemand;
}

/** What keeps an order from beginning that is nobody's failure. */
export interface Hold {
  readonly isRunning: boolean;
  /** 0: nothing does. */
  readonly untilMs: number;
}

/** Brings together what is asked for and what there is: which certificates there should be, and when each is to be ordered. */
export class OrderBook {
  readonly #parts: OrderBookParts;
  #settings: AcmeSettings | undefined;
  #routes: readonly RoutedName[] = [];
  #routed = new RoutedNames([]);
  #fileNames: ReadonlySet<string> = new Set();
  #wanted: WantedNames = { names: [], unorderable: [] };

  constructor(parts: OrderBookParts) {
    this.#parts = parts;
  }

  /** Undefined: no authority may be asked for anything. */
  get settings(): AcmeSettings | undefined {
    return this.#settings?.email === '' ? undefined : this.#settings;
  }

  get routed(): RoutedNames {
    return this.#routed;
  }

  get wanted(): WantedNames {
    return this.#wanted;
  }

  follow(settings: AcmeSettings): void {
    this.#settings = settings;
    const { failures, onDemand, stock } = this.#parts;
    failures.follow(settingsFingerprint(settings));
    onDemand.follow(settings.onDemand);
    const configured = new Set(settings.authorities.map(({ name }) => name));
    // Who goes from staging to the real authority does not want to wait for the end of certificates that nobody trusts.
    stock.follow(({ authority }) => configured.has(authority) || !isTestAuthorityName(authority));
    this.#wanted = wantedNames(this.#routes, settings);
  }

  want(routes: Iterable<RoutedName>, refs: Iterable<CertificateRef>): void {
    this.#routes = [...routes];
    this.#routed = new RoutedNames(this.#routes);
    this.#fileNames = namesOfFiles(refs);
    if (this.#settings !== undefined) this.#wanted = wantedNames(this.#routes, this.#settings);
  }

  plan(nowMs: number): readonly PlannedOrder[] {
    if (this.settings === undefined) return [];
    const { stock, onDemand } = this.#parts;
    const names = [...new Set([...this.#wanted.names, ...onDemand.names(this.#routed)])];
    return planOrders({ names, fileNames: this.#fileNames, certificates: stock.index, nowMs });
  }

  facts(order: PlannedOrder, { isRunning, untilMs }: Hold): OrderFacts {
    const { failures, stock } = this.#parts;
    const authorities = this.authoritiesFor(order.names).map(({ name }) => name);
    return {
      order,
      isRunning,
      failure: failures.latest(order.key, authorities),
      neededMs: this.#neededMs(order),
      nextAttemptMs: Math.max(failures.nextAttemptMs(order.key, authorities), untilMs),
      authority: authorities[0] ?? '',
      expired: order.current === undefined ? stock.index.covering(order.names)[0] : undefined,
    };
  }

  /** That can issue for all of these names, in the order of the settings. */
  authoritiesFor(names: readonly string[]): readonly AcmeAuthority[] {
    const all = this.#settings?.authorities ?? [];
    return all.filter((authority) => names.every((name) => canIssue(authority, name)));
  }

  /** Certificates that are kept up, of authorities that can be asked about them. */
  askable(planned: readonly PlannedOrder[]): readonly Askable[] {
    const authorities = new Map(this.#settings?.authorities.map((authority) => [authority.name, authority]));
    const askable = new Map<string, Askable>();
    for (const { current: certificate } of planned) {
      const authority = certificate === undefined ? undefined : authorities.get(certificate.authority);
      if (certificate !== undefined && authority !== undefined) {
        askable.set(certificate.id, { certificate, authority });
      }
    }
    return [...askable.values()];
  }

  #neededMs({ current, waitsFor, renewedBy }: PlannedOrder): number {
    if (current !== undefined) {
      // Another order renews it; this one only jumps in when that one does not manage to.
      return renewedBy === '' ? renewalMs(current, this.#parts.windows.of(current.id)) : urgentMs(current);
    }
    const names = this.#settings?.authorities.map(({ name }) => name) ?? [];
    const isOnItsWay = waitsFor !== '' && this.#parts.failures.latest(waitsFor, names) === undefined;
    return isOnItsWay ? Number.POSITIVE_INFINITY : 0;
  }
}

/** When an order may begin: it is needed, and nothing says that it must wait. */
export function dueMs({ neededMs, nextAttemptMs }: OrderFacts): number {
  return Math.max(neededMs, nextAttemptMs);
}

/** First what is served and about to end, then in the order of the routes: the oldest first. */
export function byUrgency(nowMs: number): (a: OrderFacts, b: OrderFacts) => number {
  const isUrgent = ({ order: { current } }: OrderFacts) => current !== undefined && nowMs >= urgentMs(current);
  return (a, b) => Number(isUrgent(b)) - Number(isUrgent(a));
}

function canIssue(authority: AcmeAuthority, name: string): boolean {
  const host = name.includes(':') ? `[${name}]` : name;
  return isAddressHost(host) ? takesAddresses(authority) : isPublicName(name) || !isPublicAuthority(authority);
}
