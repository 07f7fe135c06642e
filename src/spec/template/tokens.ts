import type { Span } from './limits.ts'

export type TokenKind =
  | 'data'
  | 'print-begin'
  | 'print-end'
  | 'block-begin'
  | 'block-end'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'operator'
  /** `text` is the message. */
  | 'invalid'
  | 'end'

export type Token = Span & { readonly kind: TokenKind; readonly text: string }
