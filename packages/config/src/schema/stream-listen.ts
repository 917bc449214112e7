import { z } from 'zod';
import { addresses } from './listen.ts';
import type { Endpoint } from './network.ts';

/** Where a stream comes in. */
export interface StreamListen {
  /** Of a listener that is there anyway; empty: `addresses`, and the listener is opened for them. */
  readonly name: string;
  readonly addresses: readonly Endpoint[];
}

const NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** A port, address:port, a list of them, or the name of a listener. */
export function streamListen() {
  const name = z.string().regex(NAME);
  const expected = 'a port from 1 to 65535, address:port, a list of them, or the name of a listener';
  return z
    .union(
      [
        addresses().transform((list): StreamListen => ({ name: '', addresses: list })),
        name.transform((value): StreamListen => ({ name: value, addresses: [] })),
      ],
      { error: expected },
    )
    .refine(({ addresses: list }) => list.every(({ port }) => port !== 0), { error: expected });
}
