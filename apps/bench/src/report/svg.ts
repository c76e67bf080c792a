import { figure } from './figures.ts'

interface Bar {
  readonly label: string
  readonly value: number
  /** Those that the figure is about. */
  readonly strong?: boolean
}

export interface BarChart {
  readonly title: string
  readonly unit: string
  readonly groups: readonly { readonly title: string; readonly bars: readonly Bar[] }[]
}

const WIDTH = 760
const LABELS = 270
const FIGURES = 70
const ROW = 22

/** Horizontal bars on no background: colours follow the reader's light or dark page. */
export function barChart({ title, unit, groups }: BarChart): string {
  const longest = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ value }) => value)))
  const parts: string[] = []
  let y = 28
  for (const group of groups) {
    y += 14
    if (group.title) parts.push(`<text class="group" x="0" y="${(y += 14)}">${escaped(group.title)}</text>`)
    y += 8
    for (const { label, value, strong } of group.bars) {
      const width = Math.max(1, (value / longest) * (WIDTH - LABELS - FIGURES))
      parts.push(
        `<text x="${LABELS - 8}" y="${y + 15}" text-anchor="end">${escaped(label)}</text>`,
        `<rect class="${strong ? 'strong' : 'bar'}" x="${LABELS}" y="${y + 3}" width="${width.toFixed(1)}" height="16" rx="2"/>`,
        `<text x="${(LABELS + width + 6).toFixed(1)}" y="${y + 15}">${figure(value)}</text>`,
      )
      y += ROW
    }
  }
  const height = y + 8
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 15px }
.group { font-weight: 600 }
.bar { fill: #8c959f }
.strong { fill: #1a7f64 }
@media (prefers-color-scheme: dark) {
  text { fill: #d8dee4 }
  .bar { fill: #6e7781 }
  .strong { fill: #35b28c }
}
</style>
<text class="title" x="0" y="18">${escaped(`${title} (${unit})`)}</text>
${parts.join('\n')}
</svg>
`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
