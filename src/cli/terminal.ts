/** What a command sees of the world outside of its arguments; tests give their own. */
export type Terminal = {
  readonly directory: string
  readonly colour: 'colour' | 'plain'
  /** Standard input as bytes, at most `limit` and one more. */
  input(limit: number): Promise<Uint8Array>
  out(text: string): void
  error(text: string): void
}

const codes = { red: 31, yellow: 33, green: 32, bold: 1, dim: 2 } as const

export function paint(terminal: Terminal, style: keyof typeof codes, text: string): string {
  return terminal.colour === 'colour' ? `\u001b[${codes[style]}m${text}\u001b[0m` : text
}

/** Text from a file as a terminal may show it: nothing that moves the cursor, changes colours or turns the direction of writing. */
export function visible(text: string): string {
  return text.replaceAll(/[^\P{C}\u200d]|[\u2028\u2029]/gu, '\ufffd')
}
