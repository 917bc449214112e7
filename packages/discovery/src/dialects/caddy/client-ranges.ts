import { canonicalAddress } from '@dproxy/core';

/** What `private_ranges` stands for. */
const PRIVATE = ['192.168.0.0/16', '172.16.0.0/12', '10.0.0.0/8', '127.0.0.1/8', 'fd00::/8', '::1/128'];

/** Address blocks in their one spelling; undefined when one is none, or there is none. */
export function clientRanges(values: readonly string[]): readonly string[] | undefined {
  const ranges = values.flatMap((value) => (value === 'private_ranges' ? PRIVATE : [value])).map(readRange);
  return ranges.length === 0 || ranges.includes(undefined) ? undefined : ranges.filter((range) => range !== undefined);
}

function readRange(raw: string): string | undefined {
  const [, written = '', bits] = /^([0-9a-f:.]+)(?:\/(\d{1,3}))?$/i.exec(raw) ?? [];
  const address = canonicalAddress(written, { keepMapped: true });
  if (address === undefined) return undefined;
  const max = address.includes(':') ? 128 : 32;
  const length = bits === undefined ? max : Number(bits);
  return length <= max ? `${address}/${length}` : undefined;
}
