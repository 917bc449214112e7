import type { Log } from '@dproxy/core';
import { printable } from '../compose/report-lines.ts';

/** Warnings are for whoever runs the command; stdout belongs to the answer. */
export const stderrLog: Log = { debug() {}, info() {}, warn: printWarning, error: printWarning };

function printWarning(fields: object, message: string): void {
  const { file, folder, advice } = fields as {
    readonly file?: string;
    readonly folder?: string;
    readonly advice?: string;
  };
  const where = file ?? folder;
  const parts = [message, where === undefined ? '' : ` (${where})`, advice === undefined ? '' : `: ${advice}`];
  process.stderr.write(`dproxy: ${printable(parts.join(''))}\n`);
}
