import type { Sample } from './measure.ts';

export interface Row {
  readonly name: string;
  readonly sample: Sample;
}

/** The middle of each figure on its own. */
export function median(samples: readonly Sample[]): Sample {
  const middle = (pick: (sample: Sample) => number): number => {
    const sorted = samples.map(pick).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  };
  return {
    requestsPerSecond: middle((sample) => sample.requestsPerSecond),
    userUs: middle((sample) => sample.userUs),
    systemUs: middle((sample) => sample.systemUs),
    instructions: middle((sample) => sample.instructions),
    p99Ms: middle((sample) => sample.p99Ms),
    rssMiB: middle((sample) => sample.rssMiB),
    errors: Math.max(...samples.map((sample) => sample.errors)),
  };
}

/** One line per subject; the ratio columns divide by `reference`. */
export function formatTable(rows: readonly Row[], reference: string): string {
  const base = rows.find((row) => row.name === reference)?.sample;
  const header = [
    '',
    'cpu/req',
    'ratio',
    'user us',
    'kernel us',
    'instr',
    'req/s',
    'ratio',
    'p99 ms',
    'RSS MiB',
    'errors',
  ];
  const lines = rows.map(({ name, sample }) => {
    const cpu = sample.userUs + sample.systemUs;
    return [
      name,
      `${cpu.toFixed(1)} us`,
      base ? (cpu / (base.userUs + base.systemUs)).toFixed(2) : '-',
      sample.userUs.toFixed(1),
      sample.systemUs.toFixed(1),
      sample.instructions === 0 ? 'n/a' : `${(sample.instructions / 1000).toFixed(1)}k`,
      sample.requestsPerSecond.toFixed(0),
      base ? (sample.requestsPerSecond / base.requestsPerSecond).toFixed(2) : '-',
      sample.p99Ms === 0 ? 'n/a' : sample.p99Ms.toFixed(2),
      sample.rssMiB.toFixed(0),
      String(sample.errors),
    ];
  });
  const all = [header, ...lines];
  const widths = header.map((_, column) => Math.max(...all.map((line) => (line[column] ?? '').length)));
  return all
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}
