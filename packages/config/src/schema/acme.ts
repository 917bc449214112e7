import { z } from 'zod';
import { isIP } from 'node:net';
import { field, flag, oneOrMore, readable, section, type Read } from './field.ts';
import { readEndpoint } from './network.ts';
import { readHost } from './route-entry.ts';

const EMAIL = 'an e-mail address';
const DIRECTORY = 'the https:// URL of an ACME directory';
const RESOLVER = 'the address of a DNS server, such as 1.1.1.1, 9.9.9.9:53 or "[2620:fe::fe]:53"';
const HOSTS = 'auto, or a list of host names';

/** `acme`. Accepted and checked, so that files are ready for it; this version orders no certificates. */
export function acme() {
  const host = readable('a host name', readHost);
  return section({
    email: field(readable(EMAIL, readEmail), {
      meaning:
        'Contact of the account at the certificate authority. No authority is asked for anything before it is set',
      default: 'none',
    }),
    directory: field(readable(DIRECTORY, readDirectory), {
      meaning: 'Directory of the certificate authority',
      default: "Let's Encrypt",
    }),
    hosts: field(z.union([z.literal('auto'), oneOrMore(host, 'a host name')], { error: HOSTS }), {
      meaning:
        'Which names get a certificate. auto: every routed name with a dot that is no address and not under localhost, local, internal, test or invalid',
      default: 'auto',
    }),
    preflight: field(flag(), {
      meaning: 'Whether a name is first checked to reach this machine, which spares the limits of the authority',
      default: 'true',
    }),
    passChallenges: field(flag(), {
      meaning:
        'Whether requests below /.well-known/acme-challenge/ that are none of our challenges go to the routes, for ACME clients of your own behind dproxy',
      default: 'false, they are answered with 404',
      danger: 'every container that serves a host can then get certificates for it',
    }),
    resolvers: field(oneOrMore(readable(RESOLVER, readResolver), RESOLVER), {
      meaning: 'DNS servers that the preflight asks',
      default: "the system's",
    }),
  });
}

function readEmail(raw: string): Read<string> {
  return /^[^\s@<>"]{1,64}@[^\s@<>"]{1,253}$/.test(raw) ? { value: raw } : { problem: 'not an e-mail address' };
}

function readDirectory(raw: string): Read<string> {
  if (!/^https:\/\//i.test(raw) || !URL.canParse(raw)) return { problem: 'not an https:// URL' };
  return { value: raw };
}

function readResolver(raw: string): Read<string> {
  if (isIP(raw) !== 0) return { value: isIP(raw) === 6 ? `[${raw}]:53` : `${raw}:53` };
  const endpoint = readEndpoint(raw);
  if ('problem' in endpoint) return endpoint;
  return isIP(endpoint.value.host) === 0 ? { problem: 'a resolver is named by address' } : { value: raw };
}
