import { z } from 'zod';
import { field, oneOrMore, readable, required, section, text, words } from './field.ts';
import { readHost } from './host-name.ts';

const HOST = 'a host name such as secure.example.com or *.example.com';
const PROFILES = ['modern', 'intermediate'] as const;

const profile = (unset: string) =>
  field(words(PROFILES), {
    meaning: 'modern: TLS 1.3 only. intermediate: also TLS 1.2, with forward secrecy and authenticated encryption only',
    default: unset,
  });

/** `tls.profile` alone. */
export const tlsProfile = words(PROFILES);

/** One entry of `tls.hosts`. */
export const tlsHost = section({
  host: required(oneOrMore(readable(HOST, readHost), HOST), {
    meaning:
      'Host name or list of them; *.example.com takes any depth below example.com. The most specific entry holds, and also for www. in front of its host',
  }),
  profile: profile('tls.profile'),
  clientCertificates: field(
    section({
      mode: field(words(['require', 'optional']), {
        meaning:
          'require: clients without a certificate of these authorities are refused, and plain HTTP is not answered. optional: the certificate of those that send one is verified, and the backend decides (x-ssl-client-verify)',
        default: 'require',
      }),
      ca: required(text('a file in PEM'), {
        meaning:
          'PEM file with the certificates of the authorities that client certificates must come from; a change is followed. Relative to this file. While it cannot be used, nobody gets in by require',
      }),
    }),
    { meaning: 'Client certificates (mutual TLS)', default: 'none are asked for' },
  ),
});

export type TlsHostEntry = z.output<typeof tlsHost>;

/** `tls`. */
export function tls() {
  return section({
    profile: profile('intermediate'),
    hosts: field(z.array(tlsHost, { error: 'a list of hosts' }), {
      meaning:
        'Hosts that ask for another TLS than the rest. A host is not served while its client certificates are written wrongly',
      default: 'none',
    }),
  });
}
