import type { WakeClaims } from '../dialects/dialect.ts';

/**
 * What a container says in all languages together: who says that it takes no part is obeyed, else the first one says with whom
 * it sleeps; of the rest, the first that says something holds.
 */
export function joinClaims(readings: readonly { readonly wake?: WakeClaims }[]): WakeClaims | undefined {
  const all = readings.flatMap(({ wake }) => wake ?? []);
  const leading = all.find(({ scope }) => scope === 'none') ?? all[0];
  if (leading === undefined || all.length === 1) return leading;
  return {
    scope: leading.scope,
    groups: leading.groups,
    name: all.find(({ name }) => name !== '')?.name ?? '',
    options: Object.assign({}, ...all.map(({ options }) => options).reverse()) as WakeClaims['options'],
    isPermanent: all.some(({ isPermanent }) => isPermanent),
    readyAfterMs: all.find(({ readyAfterMs }) => readyAfterMs > 0)?.readyAfterMs ?? 0,
  };
}
