import type { DnsProviderName } from '@dproxy/config';
import type { DnsProvider, ProviderContext } from './dns-provider.ts';
import { Cloudflare } from './providers/cloudflare.ts';
import { DigitalOcean } from './providers/digitalocean.ts';
import { Exec } from './providers/exec.ts';
import { Hetzner } from './providers/hetzner.ts';
import { HttpReq } from './providers/httpreq.ts';
import { Rfc2136 } from './providers/rfc2136.ts';
import { Route53 } from './providers/route53.ts';

interface ProviderEntry {
  /** Whether its changes must not overlap: whole sets are replaced, or a script is not made for it. */
  readonly isSequential: boolean;
  readonly open: (context: ProviderContext) => DnsProvider;
}

export const PROVIDERS: Readonly<Record<DnsProviderName, ProviderEntry>> = {
  cloudflare: { isSequential: false, open: (context) => new Cloudflare(context) },
  route53: { isSequential: true, open: (context) => new Route53(context) },
  hetzner: { isSequential: true, open: (context) => new Hetzner(context) },
  digitalocean: { isSequential: false, open: (context) => new DigitalOcean(context) },
  rfc2136: { isSequential: false, open: (context) => new Rfc2136(context) },
  httpreq: { isSequential: false, open: (context) => new HttpReq(context) },
  exec: { isSequential: true, open: (context) => new Exec(context) },
};
