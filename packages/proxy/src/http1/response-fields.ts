import type { FieldKind } from './field-kind.ts';
import type { FieldTaker } from './header-section.ts';
import { MessageFields } from './message-fields.ts';

/** What the header lines of one response say to the codec. */
export class ResponseFields extends MessageFields implements FieldTaker {
  keepAlive = '';

  take(kind: FieldKind, value: string): boolean {
    switch (kind) {
      case 'connection':
      case 'content-length':
      case 'transfer-encoding':
      case 'upgrade':
        return this.takeMessageField(kind, value);
      case 'keep-alive':
        this.keepAlive = value;
        return true;
      // `X-Debug-*` is dproxy's own word to the client: a backend does not speak in its name.
      case 'x-debug':
      case 'drop':
      case 'te':
        return true;
      case 'plain':
      case 'accept':
      case 'expect':
      case 'host':
      case 'via':
      case 'forwarded':
      case 'x-forwarded-for':
      case 'x-forwarded-proto':
      case 'x-forwarded-host':
      case 'x-forwarded-port':
      case 'x-real-ip':
        return false;
      default:
        return kind satisfies never;
    }
  }
}
