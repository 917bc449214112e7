import type { Container } from '../../container.ts';
import { inputOf } from '../_input-of.ts';
import type { DialectReading, Offer } from '../dialect.ts';
import type { TraefikOptions } from './options.ts';
import { traefik } from './traefik.ts';

type Labels = Readonly<Record<string, string>>;
type Parts = Partial<Container> & { readonly listeners?: readonly string[]; readonly options?: TraefikOptions };

/** What a container with these labels is read as. */
export function readOne(labelled: Labels, parts: Parts = {}): DialectReading {
  return readAll({ web: { labelled, ...parts } }, parts)['web'] as DialectReading;
}

/** Several containers of one engine, the oldest first, each with what the others offer. */
export function readAll(
  containers: Readonly<Record<string, Partial<Container> & { readonly labelled: Labels }>>,
  { listeners = ['http', 'https'], options = {} }: Pick<Parts, 'listeners' | 'options'> = {},
): Record<string, DialectReading> {
  const dialect = traefik(options);
  const inputs = Object.entries(containers).map(([name, parts]) =>
    inputOf({ name, ...parts }, { listeners: new Set(listeners) }),
  );
  const offers: Offer[] = inputs.flatMap((input) => [...(dialect.offers?.(input) ?? [])]);
  return Object.fromEntries(inputs.map((input) => [input.container.name, dialect.read({ ...input, offers })]));
}
