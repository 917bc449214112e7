import type { Tally } from './tally.ts';

/** One line for each kind of request. */
export function tableOf(tallies: readonly Tally[]): string {
  const head = ['kind', 'sent', 'answered', 'lost', 'apart', 'closed', 'slowest ms'];
  const rows = tallies.map(({ kind, sent, answered, lost, apart, closed, slowestMs }) =>
    [kind, sent, answered, lost.length, apart, closed.length, slowestMs].map(String),
  );
  return columns([head, ...rows]);
}

/** The first column to the left, the others to the right. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, place) => Math.max(...rows.map((row) => row[place]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, place) => (place === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[place] ?? 0)))
      .join('  ');
  return rows.map(line).join('\n');
}

/** `1234 sent, 1234 answered, 0 lost` and what else there is to say of all kinds together. */
export function summaryOf(tallies: readonly Tally[]): string {
  const total = (count: (tally: Tally) => number): number => tallies.reduce((sum, tally) => sum + count(tally), 0);
  const slowestMs = Math.max(...tallies.map((tally) => tally.slowestMs));
  return (
    `${total(({ sent }) => sent)} sent, ${total(({ answered }) => answered)} answered, ` +
    `${total(({ lost }) => lost.length)} lost, ${total(({ apart }) => apart)} apart, ` +
    `${total(({ closed }) => closed.length)} closed, slowest ${slowestMs} ms`
  );
}
