import { rest } from './contenders.ts'
import type { BenchDatabase } from './database.ts'
import { AMPLE } from './database.ts'
import type { Measurement, Time } from './measure.ts'
import { measureShop } from './measure.ts'
import { plotLine } from './report/docs.ts'
import { figure, ms, none } from './report/figures.ts'
import type { Report } from './report/report.ts'
import { barChart } from './report/svg.ts'
import { tableLines } from './report/table.ts'
import type { Case, Summary } from './rounds.ts'
import { inRounds } from './rounds.ts'

const CONNECTIONS = 64
const USUAL_PRODUCTS = 20

const curves = {
  lines: { title: 'Lines per order', of: 'lines', plot: 'cost-lines.svg' },
  products: { title: 'Products in the shop', of: 'products', plot: 'cost-products.svg' },
  stored: { title: 'Orders stored before', of: 'stored orders', plot: 'cost-stored.svg' },
}

type Curve = keyof typeof curves

interface CostKey {
  readonly curve: Curve
  readonly value: number
}

export interface CostOptions extends Time {
  readonly rounds: number
  readonly lines: readonly number[]
  readonly products: readonly number[]
  readonly stored: readonly number[]
}

/** What an order costs as one thing grows and all else stays. */
export async function cost(
  mongo: BenchDatabase,
  { rounds, lines, products, stored, ...time }: CostOptions,
  say: (line: string) => void,
): Promise<Report> {
  const keys = [
    ...lines.map((value): CostKey => ({ curve: 'lines', value })),
    ...products.map((value): CostKey => ({ curve: 'products', value })),
    ...stored.map((value): CostKey => ({ curve: 'stored', value })),
  ]
  const widest = Math.max(USUAL_PRODUCTS, ...lines)
  const cases = keys.map((key): Case<CostKey> => ({
    key,
    title: labelOf(key),
    run: () => measureCost(mongo, { ...key, ...time, widest }),
  }))
  return report(await inRounds(cases, { rounds, unit: 'orders/s' }, say))
}

async function measureCost(
  mongo: BenchDatabase,
  { curve, value, widest, ...time }: CostKey & Time & { widest: number },
): Promise<Measurement> {
  const products = { lines: widest, products: value, stored: USUAL_PRODUCTS }[curve]
  await using shop = await mongo.freshShop(Array<number>(products).fill(AMPLE))
  if (curve === 'stored') await shop.fillOrders(value)
  return await measureShop(shop, rest, {
    lines: curve === 'lines' ? value : 1,
    connections: CONNECTIONS,
    processes: 1,
    ...time,
  })
}

function labelOf({ curve, value }: CostKey): string {
  return value === 1 ? `1 ${curves[curve].of.replace(/s$/, '')}` : `${figure(value)} ${curves[curve].of}`
}

function report(rows: readonly Summary<CostKey>[]): Report {
  const shown = (Object.keys(curves) as Curve[]).filter((curve) => rows.some(({ key }) => key.curve === curve))
  const lines = shown.flatMap((curve) => {
    const { title, of } = curves[curve]
    const own = rows.filter(({ key }) => key.curve === curve)
    const head = [of, 'orders/s', ...(curve === 'lines' ? ['lines/s'] : []), 'p50 ms', 'p99 ms']
    return ['', `### ${title}`, '', ...tableLines({ head, rows: own.map(cells), words: 0 })]
  })
  const notes = rows.flatMap(({ key, wrong }) => wrong.map((reason) => `- Not counted: ${labelOf(key)}: ${reason}`))
  return {
    title: 'What an order costs as things grow',
    intro: [
      `The REST server, one process, ${CONNECTIONS} connections, stock ample; ${USUAL_PRODUCTS} products and orders of one line, unless that is what grows.`,
      'Orders of more lines name neighbouring products of a shop that is the same for all points of that curve.',
    ],
    lines: notes.length > 0 ? [...lines, '', ...notes] : lines,
    plots: shown.map((curve) => ({ file: curves[curve].plot, svg: chart(curve, rows) })),
    plotLines: shown.map((curve) => plotLine(curves[curve].plot, curves[curve].title)),
    ok: notes.length === 0,
    results: rows.map(({ key, ...summary }) => ({ ...key, ...summary })),
  }
}

function cells({ key, perSecond, latencyMs }: Summary<CostKey>): string[] {
  return [
    figure(key.value),
    perSecond === undefined ? 'not counted' : figure(perSecond),
    ...(key.curve === 'lines' ? [perSecond === undefined ? none : figure(perSecond * key.value)] : []),
    latencyMs ? ms(latencyMs.p50) : none,
    latencyMs ? ms(latencyMs.p99) : none,
  ]
}

function chart(curve: Curve, rows: readonly Summary<CostKey>[]): string {
  const bars = rows
    .filter(({ key }) => key.curve === curve)
    .map(({ key, perSecond = 0 }) => ({
      label: labelOf(key),
      value: perSecond,
      strong: true,
    }))
  return barChart({ title: curves[curve].title, unit: 'orders/s', groups: [{ title: '', bars }] })
}
