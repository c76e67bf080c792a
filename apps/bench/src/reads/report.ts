import { plotLine } from '../report/docs.ts'
import { figure, ms, none, times } from '../report/figures.ts'
import type { Report } from '../report/report.ts'
import { barChart } from '../report/svg.ts'
import { tableLines } from '../report/table.ts'
import { median } from '../rounds.ts'
import type { ReadsKey } from './cases.ts'
import { scenarioTitle } from './cases.ts'
import { goalLines } from './goals.ts'
import type { Row } from './ratios.ts'
import { toContender, toUndisturbed } from './ratios.ts'

const head = [
  'contender',
  'orders/s',
  'reads/s',
  'lowest to highest',
  '× bare',
  '× plain tRPC',
  '× find',
  '× undisturbed',
  'kB',
  'p50 ms',
  'p99 ms',
]
const plot = 'reads.svg'
const plotTitle = 'Answers of one server process'

export function readsReport(rows: readonly Row[], connections: number): Report {
  const titles = [...new Set(rows.map(({ key }) => tableTitle(key.scenario)))]
  const tables = titles.flatMap((title) => {
    const own = rows.filter(({ key }) => tableTitle(key.scenario) === title)
    return ['', `### ${title}`, '', ...tableLines({ head, rows: own.map((row) => cells(row, rows)), words: 1 })]
  })
  const notes = rows.flatMap(notesOf)
  return {
    title: 'Reads per second',
    intro: intro(connections),
    lines: ['', ...goalLines(rows), ...tables, ...(notes.length > 0 ? ['', ...notes] : [])],
    plots: [{ file: plot, svg: chart(rows) }],
    plotLines: [plotLine(plot, plotTitle)],
    ok: rows.every(({ wrong }) => wrong.length === 0),
    results: rows.map((row) => {
      const { key, ...summary } = row
      return {
        ...key.scenario,
        read: key.scenario.read.name,
        contender: key.contender.name,
        ...summary,
        ratios: ratios(row, rows),
      }
    }),
  }
}

const intro = (connections: number): string[] => [
  `One server process, ${figure(connections)} connections, each sending its next GET when the last is answered. The list`,
  'shows the first 1,000 products; ids are drawn from up to 5,000. tRPC is called as its batching link calls it. kB is',
  'the size of a body. × is how many times that contender in the same scenario.',
  '',
  'tRPC behind Express and `res.json` from memory send an array that they read from the database when they start, and',
  'never again; an order tRPC reads by one `findOne`. find or findOne is one query for each answer. Bare node:http sends',
  "the very bytes of the REST door's answer, with their type and length, and nothing else.",
  '',
  'Orders of one unit are placed at a steady rate, over one connection of their own, for the products that are read: by',
  'the process that is read where it is Stockroom, by one beside it where it reads the database. × undisturbed is how',
  'many times the same contender without orders. Whenever one is acknowledged, one more reader asks for an answer and',
  'compares: if it shows more units than were left, the measurement does not count.',
]

function tableTitle({ read, products }: ReadsKey['scenario']): string {
  const what = `\`GET ${read.path}\`, \`${read.procedure}\``
  return read.name === 'order' ? what : `${what}: ${figure(products)} products`
}

function cells(row: Row, rows: readonly Row[]): string[] {
  const { key, perSecond, latencyMs, rounds } = row
  const speeds = rounds.map((round) => round.perSecond)
  const { bare, 'plain-trpc': plainTrpc, 'express-database': find, undisturbed } = ratios(row, rows)
  return [
    key.contender.title,
    key.scenario.orders === 0 ? none : figure(key.scenario.orders),
    perSecond === undefined ? 'not counted' : figure(perSecond),
    perSecond === undefined ? none : `${figure(Math.min(...speeds))} to ${figure(Math.max(...speeds))}`,
    ...[bare, plainTrpc, find, undisturbed].map((ratio) => (ratio === undefined ? none : times(ratio))),
    (median(rounds.map(({ read }) => read?.size ?? 0)) / 1000).toFixed(1),
    latencyMs ? ms(latencyMs.p50) : none,
    latencyMs ? ms(latencyMs.p99) : none,
  ]
}

function ratios(row: Row, rows: readonly Row[]): Record<string, number | undefined> {
  const others = ['bare', 'plain-trpc', 'express-database'].map((name) => [name, toContender(row, name, rows)] as const)
  return { ...Object.fromEntries(others), undisturbed: toUndisturbed(row, rows) }
}

/** More than this part of a core, and the generator may be what is measured. */
const BUSY = 0.95

function notesOf({ key, wrong, rounds }: Row): string[] {
  const where = `${scenarioTitle(key.scenario)}, ${key.contender.title}`
  const isBusy = rounds.some(({ generatorCpu = 0 }) => generatorCpu > BUSY)
  return [
    ...wrong.map((reason) => `- Not counted: ${where}: ${reason}`),
    ...(isBusy ? [`- ${where}: the load generator had no time to spare, so the server may be faster.`] : []),
  ]
}

/** The smallest shop, which is where answers cost the least beside all that surrounds them. */
function chart(rows: readonly Row[]): string {
  const products = Math.min(...rows.map(({ key }) => key.scenario.products))
  const scenarios = [...new Set(rows.map(({ key }) => key.scenario))].filter((each) => each.products === products)
  return barChart({
    title: plotTitle,
    unit: 'reads/s',
    groups: scenarios.map((scenario) => ({
      title: scenarioTitle(scenario),
      bars: rows
        .filter(({ key }) => key.scenario === scenario)
        .map(({ key, perSecond = 0 }) => ({
          label: key.contender.title,
          value: perSecond,
          strong: key.contender.title.startsWith('Stockroom'),
        })),
    })),
  })
}
