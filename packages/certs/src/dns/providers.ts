import type { DnsProviderName } from '@dproxy/config';
import type { DnsProvider, ProviderContext } from './dns-provider.ts';
import { Cloudflare } from './providers/cloudflare.ts';
import { DigitalOcean } from './providers/digitalocean.ts';
import { Exec } from './providers/exec.ts';
import { Hetzner } from './providers/hetzner.ts';
import { HttpReq } from './providers/httpreq.ts';
import { Rfc2136 } from './providers/rfc2136.ts';
import { Route53 } from './providers/route53.ts';

export const PROVIDERS: Readonly<Record<DnsProviderName, (context: ProviderContext) => DnsProvider>> = {
  cloudflare: (context) => new Cloudflare(context),
  route53: (context) => new Route53(context),
  hetzner: (context) => new Hetzner(context),
  digitalocean: (context) => new DigitalOcean(context),
  rfc2136: (context) => new Rfc2136(context),
  httpreq: (context) => new HttpReq(context),
  exec: (context) => new Exec(context),
};
