import { z } from 'zod';
import { field, integer, oneOrMore, readable, required, section } from './field.ts';
import { proxyProtocolVersion } from './network.ts';
import { readHttpUpstream, targetOf } from './upstream-url.ts';

export const URL_ =
  'http://host[:port], https://, h2c:// or h2:// likewise (grpc:// and grpcs:// are the same as these two), or host:port';

/** `to`: one backend or a list of them. */
export function targets() {
  return oneOrMore(target(), URL_);
}

function target() {
  const url = () => readable(URL_, readHttpUpstream);
  const weighted = section({
    url: required(url(), {
      meaning: `Where the backend listens: ${URL_}`,
    }),
    weight: field(integer(0, 1_000), {
      meaning: 'Relative share of the requests',
      default: '1',
      zero: 'takes no new requests, as when it is about to be switched off',
    }),
    proxyProtocol: proxyProtocolVersion(),
  });
  return z.union(
    [
      url().transform((upstream) => targetOf(upstream, {})),
      weighted.transform(({ url: upstream, ...options }) => targetOf(upstream, options)),
    ],
    { error: `${URL_}, or {url, weight, proxyProtocol}` },
  );
}
