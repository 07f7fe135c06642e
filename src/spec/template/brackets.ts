const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** Follows brackets inside a tag; a fault's message, or nothing. */
export function balance(operator: string, open: string[]): string | undefined {
  const closer = closing[operator]
  if (closer !== undefined) open.push(closer)
  if (operator !== ')' && operator !== ']' && operator !== '}') return undefined
  const expected = open.pop()
  if (expected === operator) return undefined
  return expected === undefined
    ? `Unexpected "${operator}": nothing is open here. Remove it.`
    : `Expected "${expected}", got "${operator}". Close brackets in the order in which they were opened.`
}
