import { execFile } from 'node:child_process'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { rest } from './contenders.ts'
import type { BenchDatabase, BenchShop } from './database.ts'
import { environment } from './environment.ts'
import { startServers } from './measure.ts'
import { figure, ms, times } from './report/figures.ts'
import type { Report } from './report/report.ts'
import { tableLines } from './report/table.ts'
import { median } from './rounds.ts'

export interface ReplayOptions {
  readonly file: string
  readonly concurrency: readonly number[]
  readonly stock: number
  readonly rounds: number
}

/** What the benchmark reads of `shop replay --json` and `shop verify --json`. */
interface Replayed {
  readonly orders: {
    readonly total: number
    readonly placed: number
    readonly refused: Readonly<Record<string, number>>
  }
  readonly seconds: number
  readonly ordersPerSecond: number
  readonly latencyMs: { readonly p50: number; readonly p99: number }
}
interface Verified {
  readonly orders: number
  readonly differences: readonly unknown[]
}

interface Run {
  readonly concurrency: number
  readonly replayed: Replayed
  readonly wrong: readonly string[]
}

/** The order log of a real shop, placed again by the command line tool. */
export async function replay(
  mongo: BenchDatabase,
  { file, concurrency, stock, rounds }: ReplayOptions,
  say: (line: string) => void,
): Promise<Report> {
  const runs: Run[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const atOnce of concurrency) {
      await using shop = await mongo.freshShop([])
      const run = await replayInto(shop, { file, atOnce, stock })
      runs.push(run)
      const { seconds, ordersPerSecond } = run.replayed
      say(`[${round}/${rounds}] ${atOnce} at once: ${seconds} s, ${ordersPerSecond} orders/s ${run.wrong.join('; ')}`)
    }
  }
  return report(runs, { file, concurrency })
}

async function replayInto(
  shop: BenchShop,
  { file, atOnce, stock }: { file: string; atOnce: number; stock: number },
): Promise<Run> {
  await using servers = await startServers(rest, shop, 1)
  const options = ['--preset=online-retail', `--stock=${stock}`, `--concurrency=${atOnce}`, `--url=${servers.urls[0]}`]
  const replayed = await shopTool<Replayed>(['replay', file, ...options], shop)
  const books = await shopTool<Verified>(['verify'], shop)
  const wrong = [
    ...Object.entries(replayed.orders.refused).map(([code, count]) => `${count} refused with ${code}`),
    ...(books.differences.length > 0 ? [`${books.differences.length} differences in the books`] : []),
    ...(books.orders !== replayed.orders.placed ? [`${books.orders} stored of ${replayed.orders.placed}`] : []),
  ]
  return { concurrency: atOnce, replayed, wrong }
}

const tool = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))

/** `pnpm shop … --json` as a process of its own. */
async function shopTool<Document>(args: readonly string[], { uri, database }: BenchShop): Promise<Document> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@stockroom/source', tool, ...args, '--json'],
    { env: { ...environment, MONGODB_URI: uri, MONGODB_DATABASE: database }, maxBuffer: 2 ** 28 },
  ).catch((error: unknown) => {
    // A command that finds something wrong says so in its document, and ends with 1.
    if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string' && error.stdout)
      return { stdout: error.stdout }
    throw error
  })
  return JSON.parse(stdout) as Document
}

function report(runs: readonly Run[], { file, concurrency }: Pick<ReplayOptions, 'file' | 'concurrency'>): Report {
  const rows = concurrency.map((atOnce) => {
    const own = runs.filter((run) => run.concurrency === atOnce).map(({ replayed }) => replayed)
    return {
      concurrency: atOnce,
      orders: own[0]!.orders.placed,
      seconds: median(own.map(({ seconds }) => seconds)),
      ordersPerSecond: median(own.map(({ ordersPerSecond }) => ordersPerSecond)),
      p50: median(own.map(({ latencyMs }) => latencyMs.p50)),
      p99: median(own.map(({ latencyMs }) => latencyMs.p99)),
    }
  })
  const slowest = rows[0]!.ordersPerSecond
  const table = tableLines({
    head: ['orders at once', 'orders placed', 'seconds', 'orders/s', '× the first', 'p50 ms', 'p99 ms'],
    rows: rows.map((row) => [
      figure(row.concurrency),
      figure(row.orders),
      row.seconds.toFixed(1),
      figure(row.ordersPerSecond),
      times(row.ordersPerSecond / slowest),
      ms(row.p50),
      ms(row.p99),
    ]),
    words: 0,
  })
  const wrong = runs.flatMap((run) => run.wrong.map((text) => `- Wrong: ${run.concurrency} at once: ${text}.`))
  return {
    title: 'A real order log',
    intro: [
      `All orders of \`${basename(file)}\` placed again by \`pnpm shop replay\` over RPC, with ample stock, then checked by`,
      '`pnpm shop verify`.',
    ],
    lines: ['', ...table, ...(wrong.length > 0 ? ['', ...wrong] : [])],
    plots: [],
    plotLines: [],
    ok: wrong.length === 0,
    results: { summary: rows, runs },
  }
}
