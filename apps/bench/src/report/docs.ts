import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** A command's part of docs/benchmarks.md, with the plots that it shows. */
export interface Section {
  readonly name: (typeof sections)[number]
  readonly lines: readonly string[]
  readonly plots: readonly { readonly file: string; readonly svg: string }[]
}

/** The last is kept by hand: its command belongs to the server, and prints what is written there. */
const sections = ['orders', 'reads', 'live', 'flash-sale', 'cost', 'replay', 'doors'] as const

const docs = fileURLToPath(new URL('../../../../docs/', import.meta.url))

const preface = `# Benchmarks

Every figure here was written by the command that stands above it, with \`--write-docs\` (those of the lean paths by hand).
Absolute figures are those of one machine; what holds elsewhere are the ratios, for all contenders of a table are
measured in one run, in turn.
After each measurement that places orders the books are checked: first stock less the units of stored orders is the
stock of each product, and as many orders are stored as were acknowledged. Beside reads, it is checked that none shows
more stock than the last acknowledged order left. What fails that is not counted, however fast.
`

/** Replaces the section and its plots; those of other commands stay as they are. */
export async function writeDocs({ name, lines, plots }: Section, folder = docs): Promise<void> {
  await mkdir(`${folder}/plots`, { recursive: true })
  for (const { file, svg } of plots) await writeFile(`${folder}/plots/${file}`, svg)
  const path = `${folder}/benchmarks.md`
  const before = await readFile(path, 'utf8').catch(() => '')
  const written = sections.flatMap((section) => {
    const body = section === name ? lines.join('\n') : bodyOf(before, section)
    return body ? [`<!-- ${section} -->\n${body}\n<!-- end of ${section} -->\n`] : []
  })
  await writeFile(path, [preface, ...written].join('\n'))
}

function bodyOf(text: string, section: string): string | undefined {
  const [, body] = text.split(`<!-- ${section} -->\n`)
  return body?.split(`\n<!-- end of ${section} -->`)[0]
}

export function plotLine(file: string, title: string): string {
  return `![${title}](plots/${file})`
}
