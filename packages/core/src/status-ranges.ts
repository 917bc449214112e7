/** `[from, to]`, both included. */
export type StatusRange = readonly [number, number];

export function inRanges(status: number, ranges: readonly StatusRange[]): boolean {
  return ranges.some(([from, to]) => status >= from && status <= to);
}
