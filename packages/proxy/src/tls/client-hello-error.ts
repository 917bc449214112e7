import type { AlertName } from './alerts.ts';

/** What a client sent is no ClientHello that may be answered. */
export class ClientHelloError extends Error {
  override readonly name = 'ClientHelloError';
  readonly alert: AlertName;

  constructor(alert: AlertName, message: string) {
    super(message);
    this.alert = alert;
  }
}
