import type { FieldKind } from './field-kind.ts';
import { joined } from './header-section.ts';

/** The kinds that mean the same in requests and responses. */
export type MessageFieldKind = Extract<FieldKind, 'connection' | 'content-length' | 'transfer-encoding' | 'upgrade'>;

/** What the header lines of either message say about its framing and its connection. */
export class MessageFields {
  connection = '';
  contentLength = '';
  contentLengths = 0;
  transferEncoding = '';
  transferEncodings = 0;
  upgrade = '';

  /** @returns true: such a line is never passed on */
  protected takeMessageField(kind: MessageFieldKind, value: string): true {
    if (kind === 'connection') this.connection = joined(this.connection, value);
    else if (kind === 'upgrade') this.upgrade = joined(this.upgrade, value);
    else if (kind === 'content-length') {
      this.contentLength = value;
      this.contentLengths++;
    } else {
      this.transferEncoding = value;
      this.transferEncodings++;
    }
    return true;
  }
}
