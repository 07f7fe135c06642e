const simpleEscapes: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

type Decoded = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'fault'; readonly message: string }

/** Python's escapes in string literals; one that Python does not know stays as it is written. */
export function decodeString(body: string): Decoded {
  if (!body.includes('\\')) return { kind: 'text', text: body }
  let message: string | undefined
  const text = body.replaceAll(
    /\\(?:([0-7]{1,3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([\s\S]))/gu,
    (whole, octal, x, u, long, other) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
      const code = x ?? u ?? long
      if (code !== undefined) {
        const point = Number.parseInt(code, 16)
        if (point <= 0x10ffff) return String.fromCodePoint(point)
      }
      if (other === 'N') {
        message = 'Expected \\uHHHH for a character, got \\N, and names of characters are not known here. Write its hexadecimal number.'
        return whole
      }
      if (code !== undefined || 'xuU'.includes(other)) {
        message = `Expected \\xHH, \\uHHHH or \\UHHHHHHHH with hexadecimal digits, got ${whole}. Write \\\\ for a backslash.`
        return whole
      }
      if (Object.hasOwn(simpleEscapes, other)) return simpleEscapes[other] ?? whole
      return /\P{ASCII}/u.test(other) ? `\\${escapeOf(other.codePointAt(0) ?? 0)}` : whole
    },
  )
  return message === undefined ? { kind: 'text', text } : { kind: 'fault', message }
}

/** Jinja turns what is beyond ASCII into escapes before it reads them, and a backslash before one makes them text. */
function escapeOf(point: number): string {
  const digits = point.toString(16)
  return point < 0x100 ? `x${digits.padStart(2, '0')}` : point < 0x10000 ? `u${digits.padStart(4, '0')}` : `U${digits.padStart(8, '0')}`
}
