import { canonicalHost } from '@dproxy/core';
import type { Container } from './container.ts';

/** The container's `--hostname`, when it was given as a full name: with a dot, or with `--domainname`. */
export function fullHostname({ hostname, domainname, networkMode }: Container): string | undefined {
  // Such containers have the name of the machine, or of another container.
  if (networkMode === 'host' || networkMode.startsWith('container:')) return undefined;
  const name = domainname === '' || hostname.includes('.') ? hostname : `${hostname}.${domainname}`;
  return name.includes('.') ? canonicalHost(name) : undefined;
}

/**
 * `<hostname>.internal` of a container that was given a `--hostname` without a dot, as node-docker-proxy calls it. Without one
 * the engine takes the short id, which is no name.
 */
export function internalHost({ id, hostname, domainname, networkMode }: Container): string | undefined {
  if (networkMode === 'host' || networkMode.startsWith('container:')) return undefined;
  if (hostname === '' || domainname !== '' || hostname.includes('.') || id.startsWith(hostname)) return undefined;
  return canonicalHost(`${hostname}.internal`);
}

/**
 * `<name>.localhost` and `<name>.docker.localhost`; `_` also as `-`, because browsers refuse it in a hostname. A service
 * that needs a name of its own has it in front.
 */
export function localHosts({ name }: Container, service: string): readonly string[] {
  const base = service === '' ? name : `${service}.${name}`;
  const spellings = new Set([base, base.replaceAll('_', '-')]);
  return [...spellings]
    .flatMap((spelling) => [`${spelling}.localhost`, `${spelling}.docker.localhost`])
    .map((host) => canonicalHost(host))
    .filter((host) => host !== undefined);
}
