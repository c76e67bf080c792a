import type { FaultWindow, Operation, Told } from './operations.ts'
import type { Violation } from './violation.ts'

/** With elections of one second, the shop sells again this long after its primary was killed. */
const MAX_GAP_MS = 5000

/** What clients saw while things were broken, and how long they saw nothing. */
export function checkProgress(told: Told): Violation[] {
  const gap = maxGapMs(told)
  return [
    ...told.operations.flatMap(checkOutcome),
    ...(gap > MAX_GAP_MS
      ? [{ kind: 'slow', text: `no order was acknowledged for ${gap} ms after a kill -9 of the primary` } as const]
      : []),
    ...told.exitCodes
      .filter((exitCode) => exitCode !== 0)
      .map((exitCode) => ({ kind: 'exit', text: `a server that was asked to end ended with ${exitCode}` }) as const),
  ]
}

function checkOutcome({ id, input, key, attempts, end }: Operation): Violation[] {
  const broken = attempts.filter(({ type }) => type === 'broken')
  const violations: Violation[] = broken.map(({ status, code }) => ({
    kind: 'broken',
    text: `${input.kind}: answered ${status} ${code}`,
    operation: id,
  }))
  if (key !== undefined && end === 'unknown')
    violations.push({ kind: 'unresolved', text: `${input.kind}: nobody knows after a repeat in calm`, operation: id })
  return violations
}

/** The longest time without any acknowledged order, of all that follow a kill -9 of the primary. */
export function maxGapMs({ operations, faults }: Told): number {
  const acked = operations
    .filter(({ input }) => input.kind === 'place')
    .flatMap(({ attempts }) => attempts.flatMap(({ type, time }) => (type === 'ok' ? time : [])))
    .toSorted((some, other) => some - other)
  const kills = faults.filter(({ fault }) => fault === 'kill -9 primary')
  return Math.max(0, ...kills.map((kill) => gapOf(kill, acked)))
}

/** Up to the first order after all was repaired, if that has not come before. */
function gapOf({ begin, end }: FaultWindow, acked: readonly number[]): number {
  const first = acked.find((time) => time >= end)
  const times = [begin, ...acked.filter((time) => time > begin && time < end), ...(first === undefined ? [] : [first])]
  return Math.max(0, ...times.slice(1).map((time, index) => time - times[index]!))
}
