import type { Container } from '../../container.ts';

/** Letters and digits as they are, everything between them as one hyphen. */
export function normalize(name: string): string {
  return name
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '')
    .join('-');
}

/** What Traefik calls the service and the router that nobody named: by compose's words, else by the container's name. */
export function implicitName({ name, labels }: Pick<Container, 'name' | 'labels'>): string {
  const project = labels.get('com.docker.compose.project') ?? '';
  const service = labels.get('com.docker.compose.service') ?? '';
  return normalize(project === '' || service === '' ? name : `${service}_${project}`);
}

/** `auth@docker` is `auth`; others come from where dproxy does not read. */
export interface Reference {
  /** In lower case. */
  readonly name: string;
  /** In lower case; `docker` unless said. */
  readonly provider: string;
}

export function readReference(raw: string): Reference {
  const at = raw.indexOf('@');
  const name = (at === -1 ? raw : raw.slice(0, at)).trim().toLowerCase();
  return {
    name,
    provider:
      at === -1
        ? 'docker'
        : raw
            .slice(at + 1)
            .trim()
            .toLowerCase(),
  };
}
