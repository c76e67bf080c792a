import type { Counts, Verdict } from './check/check.ts'

const SHOWN = 20

const titles: Readonly<Record<keyof Counts, string>> = {
  operations: 'operations',
  orders: 'orders in the end',
  acked: 'acknowledged',
  refused: 'refused',
  replayed: 'replayed',
  lostAnswers: 'lost answers',
  unknown: 'unknown',
  unknownAfterRepeat: 'unknown after one repeat',
  doneAfterRefusal: 'done after a repeat was refused',
  lost: 'lost',
  doubled: 'doubled',
  oversold: 'oversold products',
  maxGapMs: 'longest gap after kill -9 of the primary',
}

/** The verdict as a table, and each violation in a line of its own. */
export function report({ seed, profile, seconds, counts, faults, violations }: Verdict): string[] {
  const rows = (Object.keys(titles) as (keyof Counts)[]).map((name): [string, string] => [
    titles[name],
    counts[name].toLocaleString('en') + (name === 'maxGapMs' ? ' ms' : ''),
  ])
  const injected = Object.entries(faults).map(([fault, count]): [string, string] => [fault, String(count)])
  return [
    `${profile} run, seed ${seed}, ${seconds} s`,
    '',
    ...table([...rows, ...injected]),
    '',
    violations.length === 0 ? 'No violation.' : `${violations.length} violations:`,
    ...violations.slice(0, SHOWN).map(({ kind, text, operation }) => {
      return `  ${kind}: ${text}${operation === undefined ? '' : ` (operation ${operation})`}`
    }),
    ...(violations.length > SHOWN ? [`  and ${violations.length - SHOWN} more`] : []),
  ]
}

function table(rows: readonly [string, string][]): string[] {
  const [left, right] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map(([name, value]) => `  ${name.padEnd(left!)}  ${value.padStart(right!)}`)
}
