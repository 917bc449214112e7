import type { Container } from './container.ts';

/** Mail, names, shells and databases: never guessed, because nobody wants them on the web. */
const NEVER_GUESSED: ReadonlySet<number> = new Set([22, 25, 53, 3306, 5432, 6379]);
const USUAL: readonly number[] = [80, 8080, 3000, 8000, 5000];

export type PortChoice =
  | { readonly port: number }
  | {
      readonly problem: string;
      /** Several ports, and no way to tell: worth a warning. */ readonly isAmbiguous: boolean;
    };

/**
 * The label's port; else the only TCP port; else the only one of the usual ports.
 *
 * @param labelled undefined when no label says it
 */
export function choosePort(container: Container, labelled: number | undefined): PortChoice {
  if (labelled !== undefined) return { port: labelled };
  if (container.networkMode === 'host') {
    return { problem: 'it shares the network of the host, where any port could be its own', isAmbiguous: true };
  }
  const candidates = container.tcpPorts.filter((port) => !NEVER_GUESSED.has(port));
  const usual = candidates.filter((port) => USUAL.includes(port));
  const [only] = candidates.length === 1 ? candidates : usual.length === 1 ? usual : [];
  if (only !== undefined) return { port: only };
  if (candidates.length > 1)
    return { problem: `it has several TCP ports: ${candidates.join(', ')}`, isAmbiguous: true };
  const [never] = container.tcpPorts;
  if (never === undefined) return { problem: 'it has no TCP port', isAmbiguous: false };
  return { problem: `its only TCP port is ${never}, which is never guessed`, isAmbiguous: false };
}
