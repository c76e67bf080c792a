import { figure, times } from '../report/figures.ts'
import type { Read } from './answers.ts'
import { scenarioTitle } from './cases.ts'
import { readContenders } from './contenders.ts'
import type { Row } from './ratios.ts'
import { toContender, toUndisturbed } from './ratios.ts'

interface Goal {
  readonly read: Read['name']
  readonly contender: string
  /** Whom it is compared with; itself without orders where nobody is named. */
  readonly by?: string
  readonly atLeast: number
}

/** What is promised of a small shop. */
const goals: readonly Goal[] = [
  { read: 'list', contender: 'rest', by: 'bare', atLeast: 0.65 },
  { read: 'list', contender: 'trpc', by: 'plain-trpc', atLeast: 9 },
  { read: 'order', contender: 'rest', by: 'express-database', atLeast: 2.5 },
  { read: 'list', contender: 'rest', atLeast: 0.5 },
  { read: 'list', contender: 'trpc', atLeast: 0.5 },
]
const SMALL = 20

/** A line for each goal that was measured, and one for the answers that were checked. */
export function goalLines(rows: readonly Row[]): string[] {
  return [...goals.flatMap((goal) => reached(goal, rows)), ...fresh(rows)]
}

function reached({ read, contender, by, atLeast }: Goal, rows: readonly Row[]): string[] {
  const meant = rows.filter(
    ({
      key: {
        scenario,
        contender: { name },
      },
    }) =>
      name === contender && scenario.read.name === read && scenario.products === SMALL && scenario.orders > 0 === !by,
  )
  const other = by ? readContenders.find(({ name }) => name === by)!.title : 'as without orders'
  return meant.flatMap((row) => {
    const ratio = by ? toContender(row, by, rows) : toUndisturbed(row, rows)
    if (ratio === undefined) return []
    const what = `${scenarioTitle(row.key.scenario)}, ${row.key.contender.title}`
    return `- ${what}: ${times(ratio)} ${other} (goal: at least ${times(atLeast)}).`
  })
}

/** Only of those that place the orders themselves: of them it is promised. */
function fresh(rows: readonly Row[]): string[] {
  const checks = rows
    .filter(({ key: { scenario, contender } }) => scenario.orders > 0 && contender.orders === 'itself')
    .flatMap(({ rounds }) => rounds.flatMap(({ read }) => read?.freshness ?? []))
  if (checks.length === 0) return []
  const [checked, wrong] = [sum(checks.map((each) => each.checked)), sum(checks.map((each) => each.wrong))]
  return [
    `- Answers asked for after an order was acknowledged, Stockroom: ${figure(checked)} checked, ${figure(wrong)} older than it (goal: none).`,
  ]
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
