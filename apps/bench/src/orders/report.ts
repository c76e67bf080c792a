import { figure, ms, none, times } from '../report/figures.ts'
import { plotLine } from '../report/docs.ts'
import type { Report } from '../report/report.ts'
import { barChart } from '../report/svg.ts'
import { tableLines } from '../report/table.ts'
import type { Summary } from '../rounds.ts'
import type { OrdersKey } from './cases.ts'
import { databaseTitle, productsTitle, scenarioTitle } from './cases.ts'

type Row = Summary<OrdersKey>

const head = [
  'contender',
  'processes',
  'connections',
  'orders/s',
  'lowest to highest',
  '× read-check',
  '× transaction',
  '× 1 process',
]
const plot = 'orders.svg'
const plotTitle = 'Orders acknowledged by one server process'

export function ordersReport(rows: readonly Row[]): Report {
  const products = [...new Set(rows.map(productsOf))]
  const tables = products.flatMap((count) => [
    '',
    `### ${productsTitle(count).replace(/^o/, 'O')}`,
    '',
    ...tableLines({
      head: [...head, 'p50 ms', 'p99 ms'],
      rows: rows.filter((row) => productsOf(row) === count).map((row) => cells(row, rows)),
      words: 1,
    }),
  ])
  const notes = rows.flatMap(notesOf)
  const listed = notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []
  return {
    title: 'Orders per second',
    intro: [
      'Single orders of one line, over HTTP, each connection sending its next when the last is answered; stock is ample.',
      'All contenders store the same documents under the same indexes and validators, with write concern majority, and',
      'check their input by the same schema. × is how many times the baseline in the same scenario; × 1 process is how many',
      'times the same contender with one server process. The database alone has one client that sends whole batches.',
      'A set of one member confirms a commit sooner while somebody waits for its changes, as Stockroom alone does here:',
      '0.4 ms of one order at a time (decision record 8).',
    ],
    lines: [...tables, ...listed],
    plots: [{ file: plot, svg: chart(rows) }],
    plotLines: [plotLine(plot, plotTitle)],
    ok: rows.every(({ wrong }) => wrong.length === 0),
    results: rows.map((row) => {
      const { key, ...summary } = row
      return { ...plain(key), ...summary, ratios: ratios(row, rows), toOneProcess: toOneProcess(row, rows) }
    }),
  }
}

function cells(row: Row, rows: readonly Row[]): string[] {
  const { key, perSecond, latencyMs, rounds } = row
  const [processes, connections] =
    key.kind === 'server' ? [key.scenario.processes, key.scenario.connections].map(String) : [none, none]
  const speeds = rounds.map((round) => round.perSecond)
  const { 'read-check': readCheck, transaction } = ratios(row, rows)
  const perProcess = toOneProcess(row, rows)
  return [
    titleOf(key),
    processes!,
    connections!,
    perSecond === undefined ? 'not counted' : figure(perSecond),
    perSecond === undefined ? none : `${figure(Math.min(...speeds))} to ${figure(Math.max(...speeds))}`,
    readCheck === undefined ? none : times(readCheck),
    transaction === undefined ? none : times(transaction),
    perProcess === undefined ? none : times(perProcess),
    latencyMs ? ms(latencyMs.p50) : none,
    latencyMs ? ms(latencyMs.p99) : none,
  ]
}

/** What the same contender places with more processes than one, by what it places with one. */
function toOneProcess({ key, perSecond }: Row, rows: readonly Row[]): number | undefined {
  if (key.kind !== 'server' || key.scenario.processes === 1 || perSecond === undefined) return undefined
  const one = rows.find(
    (row) =>
      row.key.kind === 'server' &&
      row.key.contender === key.contender &&
      row.key.scenario.processes === 1 &&
      row.key.scenario.products === key.scenario.products &&
      row.key.scenario.connections === key.scenario.connections,
  )
  return one?.perSecond && perSecond / one.perSecond
}

/** By the name of the baseline, in the same scenario. */
function ratios({ key, perSecond }: Row, rows: readonly Row[]): Record<string, number> {
  if (key.kind !== 'server' || perSecond === undefined) return {}
  const others = rows.filter((row) => row.key.kind === 'server' && row.key.scenario === key.scenario)
  return Object.fromEntries(
    others.flatMap((other) => {
      const name = other.key.kind === 'server' ? other.key.contender.name : ''
      return other.perSecond ? [[name, perSecond / other.perSecond]] : []
    }),
  )
}

function notesOf({ key, wrong, rounds }: Row): string[] {
  const where = key.kind === 'server' ? `${scenarioTitle(key.scenario)}, ${titleOf(key)}` : titleOf(key)
  const failures = new Map<string, number>()
  for (const { failed } of rounds)
    for (const [outcome, count] of Object.entries(failed)) failures.set(outcome, (failures.get(outcome) ?? 0) + count)
  return [
    ...wrong.map((reason) => `Not counted: ${where}: ${reason}`),
    ...Array.from(failures, ([outcome, count]) => `${where}: ${figure(count)} requests came to ${outcome}.`),
  ]
}

function chart(rows: readonly Row[]): string {
  const scenarios = rows.flatMap(({ key }) => (key.kind === 'server' ? [key.scenario] : []))
  const shown = [...new Set(scenarios)].filter(({ processes, connections }) => processes === 1 && connections > 1)
  return barChart({
    title: plotTitle,
    unit: 'orders/s',
    groups: shown.map((scenario) => ({
      title: scenarioTitle(scenario).replace(', 1 process', ''),
      bars: rows
        .filter(({ key }) =>
          key.kind === 'server'
            ? key.scenario === scenario
            : key.products === scenario.products && key.batch === scenario.connections,
        )
        .map(({ key, perSecond = 0 }) => ({
          label: titleOf(key),
          value: perSecond,
          strong: key.kind === 'server' && key.contender.title.startsWith('Stockroom'),
        })),
    })),
  })
}

function productsOf({ key }: Row): number {
  return key.kind === 'server' ? key.scenario.products : key.products
}

function titleOf(key: OrdersKey): string {
  return key.kind === 'server' ? key.contender.title : databaseTitle(key.batch)
}

function plain(key: OrdersKey): object {
  if (key.kind === 'database') return { contender: 'database', products: key.products, batch: key.batch }
  return { contender: key.contender.name, ...key.scenario }
}
