/** What every call answers with, whether it went well or not. */
export interface Answer {
  readonly ok: boolean;
  readonly message: string;
  readonly data: unknown;
}

export function succeeded(message: string, data: unknown): Answer {
  return { ok: true, message, data };
}

export function failed(message: string, data: unknown = null): Answer {
  return { ok: false, message, data };
}

/** A refusal with its status; `message` is for the user. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}
