/** The other side wrote something that HTTP forbids, or broke off. */
export class HttpViolation extends Error {
  override readonly name = 'HttpViolation';

  constructor(what: string, got: string) {
    super(`${what}: ${JSON.stringify(got.slice(0, 600))}`);
  }
}
