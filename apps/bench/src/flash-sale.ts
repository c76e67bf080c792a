import { audit } from './audit.ts'
import { rest } from './contenders.ts'
import type { BenchDatabase } from './database.ts'
import { AMPLE } from './database.ts'
import type { Outcomes } from './load/closed-loop.ts'
import { claimOf, runLoad, startServers } from './measure.ts'
import { figure, ms } from './report/figures.ts'
import type { Report } from './report/report.ts'
import { tableLines } from './report/table.ts'
import { median } from './rounds.ts'

export interface FlashSaleOptions {
  readonly buyers: readonly number[]
  readonly units: number
  readonly rounds: number
  readonly warmUpSeconds: number
}

interface Sale {
  readonly buyers: number
  readonly connections: number
  readonly outcomes: Outcomes
  /** From the first order sent to the last answer. */
  readonly seconds: number
  readonly latencyMs: { readonly p50: number; readonly max: number }
  /** What was not as it must be. */
  readonly wrong: readonly string[]
}

/** Many want the same few units in the same moment. */
export async function flashSale(
  mongo: BenchDatabase,
  { buyers, rounds, ...options }: FlashSaleOptions,
  say: (line: string) => void,
): Promise<Report> {
  const sales: Sale[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const count of buyers) {
      const sale = await sell(mongo, { buyers: count, ...options })
      sales.push(sale)
      say(`[${round}/${rounds}] ${figure(count)} buyers: ${ms(sale.seconds * 1000)} ms ${sale.wrong.join('; ')}`)
    }
  }
  return report(sales, options.units)
}

async function sell(
  mongo: BenchDatabase,
  { buyers, units, warmUpSeconds }: Omit<FlashSaleOptions, 'buyers' | 'rounds'> & { buyers: number },
): Promise<Sale> {
  await using shop = await mongo.freshShop([units, AMPLE])
  await using servers = await startServers(rest, shop, 1)
  const [onSale, other] = shop.productIds as [string, string]
  // A sale meets a shop that has been open for a while: it has sold something else before.
  const warmUp = await runLoad({
    urls: servers.urls,
    connections: 64,
    orders: { door: 'rest', productIds: [other], lines: 1 },
    until: { warmUpMs: 0, measureMs: warmUpSeconds * 1000 },
  })
  const connections = Math.min(buyers, mostConnections())
  const { all, seconds, latencyMs } = await runLoad({
    urls: servers.urls,
    connections,
    orders: { door: 'rest', productIds: [onSale], lines: 1 },
    until: { requests: buyers },
  })
  const expected: Outcomes = { 201: Math.min(units, buyers), '400 OUT_OF_STOCK': Math.max(0, buyers - units) }
  const before = claimOf(warmUp.all)
  const claim = claimOf(all)
  const books = await audit(shop, {
    placed: before.placed + claim.placed,
    unclear: before.unclear + claim.unclear,
    before: 0,
  })
  const wrong = Object.keys({ ...expected, ...all })
    .filter((outcome) => (all[outcome] ?? 0) !== (expected[outcome] ?? 0))
    .map((outcome) => `${all[outcome] ?? 0} × ${outcome} instead of ${expected[outcome] ?? 0}`)
  return { buyers, connections, outcomes: all, seconds, latencyMs, wrong: books ? [...wrong, books] : wrong }
}

/** What the system lets a process open, less what it needs for itself. */
function mostConnections(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: number | 'unlimited' } } }
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? Math.max(100, soft - 500) : 10_000
}

function report(sales: readonly Sale[], units: number): Report {
  const rows = [...new Set(sales.map(({ buyers }) => buyers))].map((buyers) => {
    const rounds = sales.filter((sale) => sale.buyers === buyers)
    const [first] = rounds as [Sale]
    const wrong = rounds.flatMap((sale) => sale.wrong)
    const settled = rounds.map(({ seconds }) => seconds * 1000)
    return {
      buyers,
      connections: first.connections,
      rounds: rounds.length,
      placed: first.outcomes[201] ?? 0,
      outOfStock: first.outcomes['400 OUT_OF_STOCK'] ?? 0,
      settledMs: median(settled),
      slowestMs: Math.max(...settled),
      medianAnswerMs: median(rounds.map(({ latencyMs }) => latencyMs.p50)),
      wrong,
    }
  })
  const table = tableLines({
    head: [
      'buyers',
      'connections',
      'placed',
      'OUT_OF_STOCK',
      'others',
      'all settled, ms',
      'slowest round',
      'median answer, ms',
    ],
    rows: rows.map((row) => [
      figure(row.buyers),
      figure(row.connections),
      figure(row.placed),
      figure(row.outOfStock),
      figure(row.buyers - row.placed - row.outOfStock),
      ms(row.settledMs),
      ms(row.slowestMs),
      ms(row.medianAnswerMs),
    ]),
    words: 0,
  })
  const wrong = rows.flatMap((row) => row.wrong.map((text) => `- Wrong: ${figure(row.buyers)} buyers: ${text}.`))
  return {
    title: 'Flash sale',
    intro: [
      `All buyers want one of ${figure(units)} units of one product at the same moment: every connection is open before the first`,
      'order is sent, and the REST server, one process, has been selling something else. The time is from the first order',
      'sent to the last answer, the median over rounds; each round must come to exactly the same outcomes.',
    ],
    lines: ['', ...table, ...(wrong.length > 0 ? ['', ...wrong] : [])],
    plots: [],
    plotLines: [],
    ok: wrong.length === 0,
    results: { summary: rows, sales },
  }
}
