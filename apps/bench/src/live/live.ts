import { startChild } from '../child.ts'
import type { BenchDatabase } from '../database.ts'
import { AMPLE } from '../database.ts'
import { figure, ms } from '../report/figures.ts'
import type { Report } from '../report/report.ts'
import { tableLines } from '../report/table.ts'
import { median } from '../rounds.ts'
import type { LiveServer } from './server.ts'
import type { LiveJob, LiveResult } from './worker.ts'

interface Scenario {
  readonly subscribers: number
  readonly products: number
  readonly writesPerSecond: number
  readonly seconds: number
}

export interface LiveOptions extends Scenario {
  readonly rounds: number
}

interface Way {
  readonly title: string
  readonly path: string
  readonly headers?: Record<string, string>
  /** Whether the writes go to another process than the subscribers. */
  readonly across?: true
}

const ways: readonly Way[] = [
  { title: 'REST', path: '/products/events' },
  { title: 'RPC', path: '/trpc/products.watch' },
  { title: 'RPC, the writes to another process', path: '/trpc/products.watch', across: true },
  // What is unusual about a request is left to tRPC.
  {
    title: "RPC by tRPC's own handler",
    path: '/trpc/products.watch',
    headers: { 'trpc-accept': 'application/json' },
  },
]

/** Many who watch all products, while stock changes. */
export async function live(
  mongo: BenchDatabase,
  { rounds, ...options }: LiveOptions,
  say: (line: string) => void,
): Promise<Report> {
  const results = ways.map((): LiveResult[] => [])
  for (let round = 1; round <= rounds; round++) {
    for (const [index, way] of ways.entries()) {
      const result = await measure(mongo, way, options)
      results[index]!.push(result)
      say(`[${round}/${rounds} ${index + 1}/${ways.length}] ${way.title}: p99 ${ms(result.latencyMs.p99)} ms`)
    }
  }
  return report(results, options)
}

async function measure(
  mongo: BenchDatabase,
  { path, headers = {}, across }: Way,
  { products, ...options }: Scenario,
): Promise<LiveResult> {
  await using shop = await mongo.freshShop(Array<number>(products).fill(AMPLE))
  await using servers = new AsyncDisposableStack()
  const start = async (): Promise<LiveServer> => {
    return servers.use(await startChild<LiveServer>(new URL('server.ts', import.meta.url), shop)).answer
  }
  const { url, usageUrl } = await start()
  const job: LiveJob = {
    watch: { url: `${url}${path}`, headers, products },
    usageUrl,
    shopUrl: across ? (await start()).url : url,
    productIds: shop.productIds,
    ...options,
  }
  await using run = await startChild<LiveResult>(new URL('worker.ts', import.meta.url), job)
  return run.answer
}

function report(results: readonly LiveResult[][], { subscribers, products, writesPerSecond }: Scenario): Report {
  const rows = ways.map(({ title }, index) => {
    const of = (value: (result: LiveResult) => number): number => median(results[index]!.map(value))
    return [
      title,
      ms(of(({ latencyMs }) => latencyMs.p50)),
      ms(of(({ latencyMs }) => latencyMs.p99)),
      ms(of(({ writeLatencyMs }) => writeLatencyMs.p50)),
      figure(of(({ cpuPerEvent }) => cpuPerEvent)),
      figure(of(({ memoryPerSubscriber }) => memoryPerSubscriber)),
    ]
  })
  return {
    title: 'Live stock',
    intro: [
      `${figure(subscribers)} subscribers of one server process watch all of its ${figure(products)} products, each on a connection of its own, while ${figure(writesPerSecond)} times a second the stock of one changes.`,
      'The delay is that from the acknowledgement of a change to when a subscriber has it, over all changes and all subscribers.',
    ],
    lines: [
      '',
      ...tableLines({
        head: ['door', 'delay p50 ms', 'p99 ms', 'a write takes, p50 ms', 'µs of CPU an event', 'KB a subscriber'],
        rows,
        words: 1,
      }),
    ],
    plots: [],
    plotLines: [],
    ok: true,
    results: ways.map(({ title }, index) => ({ title, rounds: results[index] })),
  }
}
