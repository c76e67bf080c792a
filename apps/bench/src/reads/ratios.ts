import type { Summary } from '../rounds.ts'
import type { ReadsKey } from './cases.ts'

export type Row = Summary<ReadsKey>

/** A row by that of the named contender in the same scenario. */
export function toContender({ key, perSecond }: Row, name: string, rows: readonly Row[]): number | undefined {
  const other = rows.find(({ key: { scenario, contender } }) => scenario === key.scenario && contender.name === name)
  return quotient(perSecond, other?.perSecond)
}

/** A row by the same contender's without orders. */
export function toUndisturbed({ key, perSecond }: Row, rows: readonly Row[]): number | undefined {
  if (key.scenario.orders === 0) return undefined
  const alone = rows.find(
    ({ key: { scenario, contender } }) =>
      contender === key.contender && scenario.orders === 0 && isSameRead(scenario, key.scenario),
  )
  return quotient(perSecond, alone?.perSecond)
}

function isSameRead(one: ReadsKey['scenario'], other: ReadsKey['scenario']): boolean {
  return one.read === other.read && one.products === other.products
}

function quotient(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || !by ? undefined : value / by
}
