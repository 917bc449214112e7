import type { FieldKind } from './field-kind.ts';
import { type FieldTaker, joined } from './header-section.ts';

/** What the header lines of one response say to the codec. */
export class ResponseFields implements FieldTaker {
  connection = '';
  contentLength = '';
  contentLengths = 0;
  transferEncoding = '';
  transferEncodings = 0;
  upgrade = '';
  keepAlive = '';

  take(kind: FieldKind, value: string): boolean {
    switch (kind) {
      case 'connection':
        this.connection = joined(this.connection, value);
        return true;
      case 'content-length':
        this.contentLength = value;
        this.contentLengths++;
        return true;
      case 'transfer-encoding':
        this.transferEncoding = value;
        this.transferEncodings++;
        return true;
      case 'upgrade':
        this.upgrade = joined(this.upgrade, value);
        return true;
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
