import type { Books } from '../books.ts'
import { checkEffects } from './effects.ts'
import type { Operation, Told } from './operations.ts'
import { checkOrders } from './orders.ts'
import { checkProgress, maxGapMs } from './progress.ts'
import { checkStock, checkUnsold } from './stock.ts'
import type { Violation, ViolationKind } from './violation.ts'

/** What a run came to. It is well where there is no violation. */
export interface Verdict {
  readonly seed: number
  readonly profile: string
  readonly seconds: number
  readonly counts: Counts
  /** How often each fault was injected. */
  readonly faults: Readonly<Record<string, number>>
  readonly violations: readonly Violation[]
}

export interface Counts {
  readonly operations: number
  readonly orders: number
  readonly acked: number
  readonly refused: number
  readonly replayed: number
  readonly lostAnswers: number
  readonly unknown: number
  readonly unknownAfterRepeat: number
  /** A repeat was refused while the first request was still on its way, and did what it asked for after that. */
  readonly doneAfterRefusal: number
  readonly lost: number
  readonly doubled: number
  readonly oversold: number
  readonly maxGapMs: number
}

/** Pure: what clients were told, and what the database holds in the end, decide. */
export function check(told: Told, books: Books): Verdict {
  const { operations, faults } = told
  const violations = [
    ...checkEffects(operations, books),
    ...checkOrders(books),
    ...checkStock(books),
    ...checkUnsold(operations, books),
    ...checkProgress(told),
  ]
  const ofKind = (kind: ViolationKind) => violations.filter((violation) => violation.kind === kind).length
  const ended = (end: Operation['end']) => operations.filter((operation) => operation.end === end).length
  return {
    seed: told.seed,
    profile: told.profile,
    seconds: Math.round(told.durationMs / 1000),
    counts: {
      operations: operations.length,
      orders: books.orders.length,
      acked: ended('acked'),
      refused: ended('refused'),
      replayed: operations.filter(({ attempts }) => attempts.some(({ replayed }) => replayed)).length,
      lostAnswers: told.lostAnswers,
      unknown: operations.filter(({ key, attempts }) => key !== undefined && attempts.some(isUnknown)).length,
      unknownAfterRepeat: ofKind('unresolved'),
      doneAfterRefusal: operations.filter(wasDoneAfterRefusal).length,
      lost: ofKind('lost'),
      doubled: ofKind('doubled'),
      oversold: ofKind('oversold'),
      maxGapMs: maxGapMs(told),
    },
    faults: countBy(faults.map(({ fault }) => fault)),
    violations,
  }
}

function isUnknown({ type }: { type: string }): boolean {
  return type === 'info' || type === 'broken'
}

function wasDoneAfterRefusal({ attempts }: Operation): boolean {
  const refused = attempts.findIndex(({ type, code }) => type === 'fail' && code !== 'BUSY')
  return refused >= 0 && attempts.slice(refused).some(({ replayed }) => replayed)
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
