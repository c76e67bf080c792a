export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** How many columns hold words and stand to the left; figures stand to the right. */
  readonly words: number
}

/** A Markdown table that reads well in a terminal too. */
export function tableLines({ head, rows, words }: Table): string[] {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]!.length)))
  const padded = (cells: readonly string[]): string =>
    line(cells.map((cell, column) => (column < words ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))))
  const rule = line(widths.map((width, column) => (column < words ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)))
  return [padded(head), rule, ...rows.map(padded)]
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
