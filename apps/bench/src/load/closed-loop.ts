import { setTimeout as wait } from 'node:timers/promises'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { Connection } from './connection.ts'
import { openConnection } from './connection.ts'
import type { Percentiles } from './latencies.ts'
import { percentiles } from './latencies.ts'

export interface Loop {
  /** Of the server processes; connections are spread over them evenly. */
  readonly urls: readonly string[]
  readonly connections: number
  /** For a time, of which the first part is not measured; or so many requests in all, begun at once. */
  readonly until: { readonly warmUpMs: number; readonly measureMs: number } | { readonly requests: number }
}

export type Outcomes = Readonly<Record<string, number>>

export interface LoadResult {
  /** When the measured time began, by the clock of the generator. */
  readonly from: number
  /** How long was measured: the time given, or until the last request was answered. */
  readonly seconds: number
  /** What the requests answered in the measured time came to, and those of the whole run. */
  readonly measured: Outcomes
  readonly all: Outcomes
  /** Of the requests sent in the measured time, whenever they were answered: the slow ones belong to it. */
  readonly latencyMs: Percentiles
  /** The bytes of one answer's body, on average. */
  readonly size: number
  /** The part of one core that the generator itself took. */
  readonly generatorCpu: number
}

/** How long answers may be waited for after the last request was sent. */
const DRAIN_MS = 60_000
/** The queue of connections that a server has not accepted yet is short. */
const OPENED_AT_ONCE = 100

/**
 * Each connection sends its next request, any of those given, when the last one is answered.
 *
 * It is our own because it shares the cores with what it measures, and because every answer has to be read. A GET of 5 kB
 * costs it 9.5 µs of processor time, 6.4 of them the kernel's; wrk, which is not everywhere, takes 8.6.
 */
export async function closedLoop(
  requests: readonly string[],
  { urls, connections: count, until }: Loop,
): Promise<LoadResult> {
  // The same for every contender.
  const random = xoroshiro128plus(1)
  const connections = await openAll(urls, count)
  const latencies: number[] = []
  const measured: Record<string, number> = {}
  const all: Record<string, number> = {}
  let [left, onTheirWay] = ['requests' in until ? until.requests : Infinity, 0]
  let [answers, sizes] = [0, 0]

  const cpu = process.cpuUsage()
  const begin = performance.now()
  const from = begin + ('requests' in until ? 0 : until.warmUpMs)
  const to = 'requests' in until ? Infinity : from + until.measureMs
  const answered = await Promise.race([
    Promise.all(connections.map(ask)).then(() => performance.now()),
    wait(Math.min(to, begin + DRAIN_MS) - begin + DRAIN_MS, Infinity, { ref: false }),
  ])
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (Math.min(answered, to) - from) / 1000
  for (const connection of connections) connection.close()
  if (onTheirWay > 0) all.unanswered = onTheirWay
  return {
    from,
    seconds,
    measured,
    all,
    latencyMs: percentiles(latencies),
    size: answers && sizes / answers,
    generatorCpu: (user + system) / 1000 / (performance.now() - begin),
  }

  async function ask(connection: Connection): Promise<void> {
    while (left > 0 && performance.now() < to) {
      left--
      onTheirWay++
      const sent = performance.now()
      const { outcome, size } = await connection.send(requests[uniformInt(random, 0, requests.length - 1)]!)
      const now = performance.now()
      onTheirWay--
      answers++
      sizes += size
      all[outcome] = (all[outcome] ?? 0) + 1
      if (sent >= from) latencies.push(now - sent)
      if (now >= from && now <= to) measured[outcome] = (measured[outcome] ?? 0) + 1
      if (outcome === 'broken') return
    }
  }
}

async function openAll(urls: readonly string[], count: number): Promise<Connection[]> {
  const connections: Connection[] = []
  while (connections.length < count) {
    const next = Array.from({ length: Math.min(OPENED_AT_ONCE, count - connections.length) }, (_, index) =>
      openConnection(new URL(urls[(connections.length + index) % urls.length]!)),
    )
    connections.push(...(await Promise.all(next)))
  }
  return connections
}
