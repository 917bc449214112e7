const MAX_LINES = 20;
const MAX_CHARACTERS = 200;
/** So much of a line is looked at, before what is no text is taken out of it. */
const MAX_RAW_CHARACTERS = 2_000;

/** Colours, cursor movements, window titles (ECMA-48): of a terminal, not of a page. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const ESCAPE_SEQUENCE = /[\u001b\u009b](?:\][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|\[?[0-?]*[ -/]*[@-~]?)/g;
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The last lines of a container's log as text: whoever writes into that log must not act on those who read it. */
export function plainLines(lines: readonly string[]): readonly string[] {
  return lines.slice(-MAX_LINES).map((line) => plainText(line, MAX_CHARACTERS));
}

/** One line of text without anything that is not seen. */
export function plainText(raw: string, maxCharacters: number): string {
  const text = raw.slice(0, MAX_RAW_CHARACTERS).replaceAll('\t', ' ').replaceAll(ESCAPE_SEQUENCE, '').trimEnd();
  // A progress bar writes over itself: what it has written last is what is seen.
  const seen = text.slice(text.lastIndexOf('\r') + 1).replaceAll(CONTROLS, '');
  return seen.length <= maxCharacters ? seen.toWellFormed() : `${seen.slice(0, maxCharacters - 1).toWellFormed()}…`;
}
