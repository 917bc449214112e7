import type { Filter } from '@dproxy/core';
import { argumentsOf, nameOf, type Block } from './block.ts';
import type { Report } from './report.ts';

type Encoding = 'gzip' | 'br' | 'zstd';
const ENCODINGS: ReadonlySet<string> = new Set<Encoding>(['gzip', 'br', 'zstd']);
const MIN_BYTES = 512;
/** The whole body is held in the memory of a worker. */
const MAX_BUFFERED = 67_108_864;
const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1e3],
  ['kib', 1_024],
  ['mb', 1e6],
  ['mib', 1_048_576],
  ['gb', 1e9],
  ['gib', 1_073_741_824],
]);

/** `encode [matcher] [<formats>] { gzip, zstd, minimum_length }` */
export function readEncode(block: Block, values: readonly string[], report: Report): readonly Filter[] {
  const below = block.children.map(nameOf).filter((name) => ENCODINGS.has(name));
  const named = [...values, ...below].filter((name) => name !== 'brotli');
  const unknown = named.find((name) => !ENCODINGS.has(name));
  if (unknown !== undefined) report.note(block, `the encoding ${unknown}`, 'gzip, br or zstd');
  const encodings = named.filter((name): name is Encoding => ENCODINGS.has(name));
  const minimum = block.children.find((child) => nameOf(child) === 'minimum_length');
  const minBytes = minimum === undefined ? MIN_BYTES : Number(argumentsOf(minimum)[0] ?? MIN_BYTES);
  for (const child of block.children) {
    if (!ENCODINGS.has(nameOf(child)) && child !== minimum)
      report.note(child, `${nameOf(child)} of encode`, 'minimum_length');
  }
  if (named.length > 0 && encodings.length === 0) return [];
  return [
    {
      type: 'compress',
      encodings: encodings.length === 0 ? ['zstd', 'gzip'] : [...new Set(encodings)],
      minBytes: Number.isSafeInteger(minBytes) && minBytes >= 0 ? minBytes : MIN_BYTES,
      includedTypes: [],
      excludedTypes: [],
    },
  ];
}

/** `request_body [matcher] { max_size }` */
export function readRequestBody(block: Block, report: Report): readonly Filter[] {
  return block.children.flatMap((child): readonly Filter[] => {
    const bytes = nameOf(child) === 'max_size' ? readSize(argumentsOf(child)[0] ?? '') : undefined;
    if (bytes === undefined || bytes < 1) {
      report.refuse(child, 'no size, or something else than max_size', 'max_size 10MB');
      return [];
    }
    if (bytes > MAX_BUFFERED) {
      report.note(child, 'bodies of this size are not held back to be measured', 'at most 64MiB');
      return [];
    }
    return [{ type: 'buffer', maxRequestBytes: bytes, maxResponseBytes: 0 }];
  });
}

function readSize(raw: string): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,12}(?:\.\d{1,3})?)\s*([a-z]*)$/i.exec(raw) ?? [];
  const bytes = Math.round(Number(amount) * (UNITS.get(unit.toLowerCase()) ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
