import type { Measurement } from './measure.ts'
import { figure } from './report/figures.ts'

/** Something to measure, once in each round. */
export interface Case<Key> {
  readonly key: Key
  /** For people, who watch it run. */
  readonly title: string
  readonly run: () => Promise<Measurement>
}

/** The medians of a case over all rounds. */
export interface Summary<Key> {
  readonly key: Key
  /** Undefined where a round does not count: a fast wrong answer has no speed. */
  readonly perSecond?: number
  readonly latencyMs?: { readonly p50: number; readonly p99: number }
  /** Why it does not count, from the rounds where it is so. */
  readonly wrong: readonly string[]
  readonly rounds: readonly Measurement[]
}

/**
 * Measures all cases in turn, A B C C B A, so that what changes on the machine meanwhile changes for all of them, and
 * what one leaves behind does not always fall to the same other one. A measurement that fails is one that does not
 * count; the others go on.
 */
export async function inRounds<Key>(
  cases: readonly Case<Key>[],
  { rounds, unit }: { readonly rounds: number; readonly unit: 'orders/s' | 'reads/s' },
  say: (line: string) => void,
): Promise<Summary<Key>[]> {
  const measured = cases.map((): Measurement[] => [])
  const inTurn = [...cases.entries()]
  for (let round = 1; round <= rounds; round++) {
    for (const [index, { title, run }] of round % 2 === 1 ? inTurn : inTurn.toReversed()) {
      const measurement = await run().catch((error: unknown): Measurement => {
        return { perSecond: 0, failed: {}, wrong: error instanceof Error ? error.message : String(error) }
      })
      measured[index]!.push(measurement)
      const { wrong, perSecond } = measurement
      const outcome = wrong ? `not counted: ${wrong}` : `${figure(perSecond)} ${unit}`
      say(`[${round}/${rounds} ${index + 1}/${cases.length}] ${title}: ${outcome}`)
    }
  }
  return cases.map(({ key }, index) => summary(key, measured[index]!))
}

function summary<Key>(key: Key, rounds: readonly Measurement[]): Summary<Key> {
  const wrong = [...new Set(rounds.flatMap((round) => round.wrong ?? []))]
  if (wrong.length > 0) return { key, wrong, rounds }
  const latencies = rounds.flatMap((round) => round.latencyMs ?? [])
  return {
    key,
    perSecond: median(rounds.map((round) => round.perSecond)),
    ...(latencies.length > 0 && {
      latencyMs: { p50: median(latencies.map(({ p50 }) => p50)), p99: median(latencies.map(({ p99 }) => p99)) },
    }),
    wrong,
    rounds,
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
