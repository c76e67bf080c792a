import type { BookDifference, Correction, VerifiedBooks } from '@stockroom/server'
import { adviceLines } from './advice.ts'
import { differenceLine, product } from './difference-line.ts'
import type { RefusedRows } from './refusals.ts'

const figures = new Intl.NumberFormat('en')
const figure = (value: number) => figures.format(value)

export interface ImportReport {
  readonly file: string
  readonly rows: number
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly refused: readonly RefusedRows[]
}

export function importLines({ file, rows, created, updated, unchanged, refused }: ImportReport): string[] {
  const lines = [
    `${file}: ${figure(rows)} rows: ${figure(created)} created, ${figure(updated)} updated, ${figure(unchanged)} unchanged`,
  ]
  for (const { reason, count, rows: numbers } of refused) {
    const more = count > numbers.length ? ', …' : ''
    lines.push(`refused ${figure(count)}: ${reason} (rows ${numbers.join(', ')}${more})`)
  }
  return lines
}

export interface ReplayReport {
  readonly file: string
  readonly concurrency: number
  readonly lines: { readonly read: number; readonly sales: number; readonly setAside: Readonly<Record<string, number>> }
  readonly products: { readonly total: number; readonly created: number }
  readonly orders: {
    readonly total: number
    readonly placed: number
    readonly refused: Readonly<Record<string, number>>
  }
  readonly unitsSold: number
  readonly seconds: number
  readonly ordersPerSecond: number
  readonly latencyMs: { readonly p50: number; readonly p99: number }
}

export function replayLines(report: ReplayReport): string[] {
  const { lines, products, orders, latencyMs } = report
  return [
    `Lines     ${figure(lines.read)} read, ${figure(lines.sales)} sales; set aside: ${counted(lines.setAside)}`,
    `Products  ${figure(products.total)}, ${figure(products.created)} of them new`,
    `Orders    ${figure(orders.placed)} of ${figure(orders.total)} placed; refused: ${counted(orders.refused)}`,
    `Units     ${figure(report.unitsSold)} sold`,
    `Time      ${report.seconds} s, ${figure(report.ordersPerSecond)} orders/s, ${report.concurrency} at once; ` +
      `an answer took ${latencyMs.p50} ms (median), ${latencyMs.p99} ms (p99)`,
  ]
}

function counted(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0)
  return parts.length > 0 ? parts.map(([name, count]) => `${figure(count)} ${name}`).join(', ') : 'none'
}

/** What differs, what was checked, and what to do. */
export function verifyLines(books: VerifiedBooks): string[] {
  return [...bookLines(books), ...adviceLines(books.differences)]
}

/** What differs, and the movements that a repair would write. */
export function proposalLines(books: VerifiedBooks, corrections: readonly Correction[]): string[] {
  return [
    ...bookLines(books),
    'Correcting movements, which bring the books to the units on hand:',
    ...corrections.map((correction) => `  ${correctionText(correction)}`),
  ]
}

/** What a repair has written of what it was to write, and what differs after it. */
export function repairLines(
  books: VerifiedBooks,
  corrections: readonly Correction[],
  written: readonly Correction[],
): string[] {
  return [
    ...corrections.map((correction) =>
      written.includes(correction)
        ? `Written: ${correctionText(correction)}`
        : `Not written, as its books have changed since: ${correctionText(correction)}`,
    ),
    ...verifyLines(books),
  ]
}

function bookLines({ differences, ...counts }: VerifiedBooks): string[] {
  const checked = `${figure(counts.products)} products, ${figure(counts.movements)} movements, ${figure(counts.orders)} orders of ${figure(counts.units)} units`
  return [
    ...differences.map((difference: BookDifference) => differenceLine(difference)),
    differences.length === 0
      ? `The books are in order: ${checked}.`
      : `${figure(differences.length)} ${differences.length === 1 ? 'difference' : 'differences'} in ${checked}.`,
  ]
}

const correctionText = (correction: Correction) =>
  `${product(correction)}: ${correction.change > 0 ? '+' : ''}${correction.change} ${Math.abs(correction.change) === 1 ? 'unit' : 'units'}`
