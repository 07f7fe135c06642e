// The learning curve as a table and as a picture.
const WIDTH = 480
const HEIGHT = 240
const MARGIN = 40

export function curveCsv(curve) {
  const lines = curve.map(({ epoch, loss, success }) => `${epoch},${loss},${success}`)
  return `${['epoch,loss,success', ...lines].join('\n')}\n`
}

/** Loss, relative to the first one, and success rate over epochs; both axes run from 0 to 1. */
export function curveSvg(curve) {
  const last = curve.at(-1).epoch
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>
<path d="M${MARGIN} ${MARGIN}V${HEIGHT - MARGIN}H${WIDTH - MARGIN}" fill="none" stroke="#8c959f"/>
<text x="${MARGIN}" y="20"><tspan fill="#1a7f37">success</tspan> and <tspan fill="#1f6feb">loss</tspan> by epoch</text>
${line(curve, last, '#1a7f37', ({ success }) => success)}
${line(curve, last, '#1f6feb', ({ loss }) => loss / curve[0].loss)}
<text x="12" y="${MARGIN + 4}">1.0</text>
<text x="12" y="${HEIGHT - MARGIN + 4}">0.0</text>
<text x="${WIDTH - MARGIN}" y="${HEIGHT - 20}" text-anchor="end">${last} epochs</text>
</svg>
`
}

function line(curve, last, colour, height) {
  const points = curve.map((point) => {
    const x = MARGIN + ((WIDTH - 2 * MARGIN) * point.epoch) / last
    const y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * Math.min(1, height(point))
    return `${x.toFixed(1)},${y.toFixed(1)}`
  })
  return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.join(' ')}"/>`
}
