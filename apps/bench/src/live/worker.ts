import { setTimeout as wait } from 'node:timers/promises'
import { onJob } from '../child.ts'
import type { Percentiles } from '../load/latencies.ts'
import { percentiles } from '../load/latencies.ts'
import type { Usage } from './server.ts'
import type { Received, Watch } from './subscribers.ts'
import { openSubscribers } from './subscribers.ts'

export interface LiveJob {
  readonly watch: Watch
  readonly usageUrl: string
  readonly subscribers: number
  /** Where stock is changed, and of what. */
  readonly shopUrl: string
  readonly productIds: readonly string[]
  readonly writesPerSecond: number
  readonly seconds: number
}

export interface LiveResult {
  /** From the acknowledgement of a write to when a subscriber has it, or what came after it. */
  readonly latencyMs: Percentiles
  /** Of the writes themselves. */
  readonly writeLatencyMs: Percentiles
  readonly writes: number
  readonly events: number
  /** The server's processor time for one event, writes included, in µs. */
  readonly cpuPerEvent: number
  /** What one subscriber that waits takes of the server's memory, in KB. */
  readonly memoryPerSubscriber: number
}

interface Write {
  readonly product: string
  readonly revision: number
  readonly sent: number
  readonly acknowledged: number
}

/** For what opening the connections has left to do. */
const SETTLE_MS = 500
/** How long an event may take at the most. */
const LATEST_MS = 10_000

onJob(async (job: LiveJob): Promise<LiveResult> => {
  const before = await usage(job)
  using subscribers = await openSubscribers(job.watch, job.subscribers)
  const { received } = subscribers
  await wait(SETTLE_MS)
  const waiting = await usage(job)

  const begun = performance.now()
  const writes = await writeEvenly(job)
  const latest = performance.now() + LATEST_MS
  while (!haveAll(received, writes) && performance.now() < latest) await wait(50)
  const after = await usage(job)
  const events = received.flat().filter(({ at }) => at >= begun).length
  return {
    latencyMs: percentiles(received.flatMap((each) => delays(each, writes))),
    writeLatencyMs: percentiles(writes.map(({ sent, acknowledged }) => acknowledged - sent)),
    writes: writes.length,
    events,
    cpuPerEvent: ((after.cpu - waiting.cpu) * 1000) / events,
    memoryPerSubscriber: (waiting.memory - before.memory) / 1024 / job.subscribers,
  }
})

async function usage({ usageUrl }: LiveJob): Promise<Usage> {
  return (await (await fetch(usageUrl)).json()) as Usage
}

/** Sends each write at its time, whatever became of those before. */
async function writeEvenly({ shopUrl, productIds, writesPerSecond, seconds }: LiveJob): Promise<Write[]> {
  const writes: Promise<Write>[] = []
  const begun = performance.now()
  while (writes.length < seconds * writesPerSecond) {
    const due = begun + (writes.length * 1000) / writesPerSecond
    await wait(Math.max(0, due - performance.now()))
    writes.push(write(shopUrl, productIds[writes.length % productIds.length]!))
  }
  return await Promise.all(writes)
}

async function write(shopUrl: string, product: string): Promise<Write> {
  const sent = performance.now()
  const response = await fetch(`${shopUrl}/products/${product}/adjust`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ delta: -1, reason: 'sold at the counter' }),
  })
  const acknowledged = performance.now()
  if (response.status !== 200) throw new Error(await response.text())
  const answer = (await response.json()) as { product: { revision: number } }
  return { product, revision: answer.product.revision, sent, acknowledged }
}

function haveAll(received: readonly (readonly Received[])[], writes: readonly Write[]): boolean {
  return received.every((each) => delays(each, writes.slice(-20)).every(Number.isFinite))
}

/** How long each write took to one subscriber. One that was overtaken came with the next, one that never came took for ever. */
function delays(received: readonly Received[], writes: readonly Write[]): number[] {
  const ofProduct = Map.groupBy(received, ({ product }) => product)
  return writes.map(({ product, revision, acknowledged }) => {
    const event = ofProduct.get(product)?.find((each) => each.revision >= revision)
    return event ? Math.max(0, event.at - acknowledged) : Infinity
  })
}
