import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** What is read of the file that vitest's reporter `json` writes at the end of a run. */
export interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

/** @returns undefined when the run ended before it wrote one */
export function readReport(file: string): Report | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : undefined;
}

/** The tests that failed once more, because what two lanes say may be hundreds of lines apart. */
export function failuresOf(reports: readonly (Report | undefined)[]): readonly string[] {
  return reports.flatMap((report, lane) => {
    if (report === undefined) return [`FAILED: lane ${lane + 1} ended without a report`];
    return report.testResults
      .filter(({ status }) => status === 'failed')
      .flatMap(({ name, message, assertionResults }) => {
        const tests = assertionResults.filter(({ status }) => status === 'failed');
        const file = relative(process.cwd(), name);
        if (tests.length === 0) return [`FAILED: ${file}: ${firstLine(message)}`];
        return tests.map((test) => `FAILED: ${file}: ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`);
      });
  });
}

/** The last line of a run: `12 passed, 0 failed, 0 skipped`, of all lanes together. */
export function countsOf(reports: readonly (Report | undefined)[]): string {
  const sum = (count: (report: Report) => number): number =>
    reports.reduce((total, report) => total + (report === undefined ? 0 : count(report)), 0);
  const skipped = sum(({ numPendingTests, numTodoTests }) => numPendingTests + numTodoTests);
  return `${sum((report) => report.numPassedTests)} passed, ${sum((report) => report.numFailedTests)} failed, ${skipped} skipped`;
}

function firstLine(text: string | null | undefined): string {
  return (text ?? '').split('\n', 1)[0] ?? '';
}
