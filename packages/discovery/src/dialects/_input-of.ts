import { containerOf } from '../_container-of.ts';
import type { DialectInput } from './dialect.ts';

/** What a dialect is given of a container, for table tests. */
export function inputOf(
  parts: Parameters<typeof containerOf>[0] = {},
  more: Partial<Pick<DialectInput, 'offers' | 'listeners'>> = {},
): DialectInput {
  const container = containerOf(parts);
  return {
    container,
    labels: container.labels,
    env: container.env,
    offers: [],
    listeners: new Set(['http', 'https']),
    ...more,
  };
}
