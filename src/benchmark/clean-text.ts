/**
 * Text from a pull request made fit for one line: control, bidirectional and invisible characters and lone surrogates go, white space becomes one space.
 * Bidirectional overrides could show a name other than the one that is compared (CVE-2021-42574).
 */
export function cleanText(text: string, longest: number): string {
  const visible = text
    .slice(0, longest * 4)
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u2800\u3164\uFFA0]/gu, '')
  return clip(visible.trim(), longest)
}

/** At most `longest` characters, the last an ellipsis when something was cut. */
export function clip(text: string, longest: number): string {
  const characters = [...text]
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join('')}…`
}
