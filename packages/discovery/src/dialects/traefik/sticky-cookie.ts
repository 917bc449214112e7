import { hash } from 'node:crypto';
import type { StickyCookie } from '@dproxy/core';
import type { Section } from './section.ts';

/** `sticky.cookie` of a service; null when it has none. */
export function readStickyCookie(balancer: Section, service: string): StickyCookie | null {
  const sticky = balancer.sub('sticky');
  const cookie = sticky?.sub('cookie');
  sticky?.finish();
  if (cookie === undefined) return null;
  const name = cookie.text('name') ?? '';
  const read = {
    name: name === '' ? defaultName(service) : name.replace(/[^!#$%&'*+\-.^`|~A-Za-z0-9]/g, '_'),
    path: cookie.text('path') ?? '/',
    domain: cookie.text('domain') ?? '',
    secure: cookie.flag('secure') ?? false,
    httpOnly: cookie.flag('httponly') ?? false,
    sameSite: cookie.word('samesite', ['none', 'lax', 'strict']) ?? '',
    maxAgeS: cookie.integer('maxage', 0, 2_147_483_647) ?? 0,
  } as const;
  // Either would end the attribute and begin another one.
  if (!isAttribute(read.path)) cookie.refuse('path', 'a path such as /');
  if (!isAttribute(read.domain)) cookie.refuse('domain', 'a domain such as example.com');
  cookie.finish();
  return read;
}

/**
 * The same cookie as Traefik's, so that clients who come from there stay where they are as far as its value means something:
 * `_` and five digits of a hash of the service's full name.
 */
function defaultName(service: string): string {
  return `_${hash('sha1', `_TRAEFIK_BACKEND_${service}@docker`)}`.slice(0, 6);
}

function isAttribute(text: string): boolean {
  return /^[\x21-\x3a\x3c-\x7e]{0,1024}$/.test(text);
}
