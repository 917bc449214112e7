import { canonicalHost } from '@dproxy/core';
import { show } from '../show.ts';
import type { TraefikSettings } from './options.ts';
import type { Section } from './section.ts';

/** What a router asks of TLS. */
export interface RouterTls {
  /** A certificate authority is asked for a certificate. */
  readonly isAcme: boolean;
  /** Of raw routers: TLS is the backend's matter. */
  readonly isPassedThrough: boolean;
}

interface Asked {
  /** `tls=true` or an option of it is there. */
  readonly isAsked: boolean;
  readonly isRaw: boolean;
}

const MAX_DOMAINS = 64;

/** Undefined when the router is none of TLS. */
export function readRouterTls(
  router: Section,
  { isAsked, isRaw }: Asked,
  settings: Pick<TraefikSettings, 'tlsOptions'>,
): RouterTls | undefined {
  router.flag('tls');
  const section = router.sub('tls');
  if (section === undefined) return undefined;
  const resolver = section.text('certresolver')?.trim() ?? '';
  const options = section.text('options')?.trim() ?? '';
  const isPassedThrough = isRaw && (section.flag('passthrough') ?? false);
  // Who passes TLS through leaves its options to the backend.
  if (!isPassedThrough && !isHonoured(options, settings)) {
    // They may ask for a certificate of the client: without them the site could be open to everybody.
    section.refuse(
      'options',
      `tls: in dproxy.yml for the hosts of this router, and then tlsOptions: [${show(options.split('@', 1)[0] ?? '')}] under docker.dialects.traefik`,
    );
  }
  readDomains(section);
  section.finish();
  return isAsked ? { isAcme: resolver !== '', isPassedThrough } : undefined;
}

function isHonoured(options: string, { tlsOptions }: Pick<TraefikSettings, 'tlsOptions'>): boolean {
  const lower = options.toLowerCase();
  const name = lower.split('@', 1)[0] ?? '';
  return name === '' || name === 'default' || tlsOptions.has(name) || tlsOptions.has(lower);
}

/** Names that one certificate shall have. Here each routed host has its own, or shares what the store has for it. */
function readDomains(section: Section): void {
  for (let index = 0; index < MAX_DOMAINS && section.has(`domains[${index}]`); index += 1) {
    const domain = section.sub(`domains[${index}]`);
    if (domain === undefined) return;
    const names = [domain.text('main') ?? '', ...(domain.list('sans') ?? [])].filter((name) => name !== '');
    domain.finish();
    const wildcard = names.find((name) => name.startsWith('*.'));
    const wrong = names.find((name) => canonicalHost(name) === undefined);
    if (wrong !== undefined) domain.note('main', `${show(wrong)} is no host`, 'hosts such as example.com');
    else if (wildcard !== undefined) {
      domain.note(
        'main',
        `a certificate for ${show(wildcard)} is not ordered from a label`,
        'acme.hosts in dproxy.yml with the wildcard, and DNS-01',
      );
    }
  }
}
