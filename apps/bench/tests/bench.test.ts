import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Contender } from '../src/contenders.ts'
import { rest } from '../src/contenders.ts'
import type { BenchDatabase } from '../src/database.ts'
import { openDatabase } from '../src/database.ts'
import { flashSale } from '../src/flash-sale.ts'
import { live } from '../src/live/live.ts'
import type { Measurement } from '../src/measure.ts'
import { orders } from '../src/orders/orders.ts'
import { readKinds } from '../src/reads/answers.ts'
import type { ReadContender } from '../src/reads/contenders.ts'
import { readContenders } from '../src/reads/contenders.ts'
import { reads } from '../src/reads/reads.ts'
import type { Report } from '../src/report/report.ts'
import { writeDocs } from '../src/report/docs.ts'

let mongo: BenchDatabase
let folder: string
const quiet = (): void => {}

beforeAll(async () => {
  mongo = await openDatabase()
  folder = await mkdtemp(join(tmpdir(), 'stockroom-bench-'))
})
afterAll(async () => {
  await mongo[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

test('bench orders measures all contenders in turn and finds the books in order', async () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const file = join(folder, 'orders.json')
  const time = ['--seconds=0.3', '--warm-up-seconds=0.1', '--rounds=1']
  const few = ['--contenders=rest,read-check', '--products=20', '--connections=8', '--processes=1', '--batches=64']
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    '--conditions=@stockroom/source',
    main,
    'orders',
    ...time,
    ...few,
    '--json',
    file,
  ])

  const { command, machine, ok, results } = JSON.parse(await readFile(file, 'utf8'))
  expect(ok).toBe(true)
  expect(command).toBe(['pnpm bench orders', ...time, ...few].join(' '))
  expect(machine).toMatchObject({ node: process.versions.node, mongod: mongo.version })
  expect(results.map(({ contender }: { contender: string }) => contender)).toEqual(['rest', 'read-check', 'database'])
  for (const result of results) expect(result.perSecond).toBeGreaterThan(0)
  expect(results[0].ratios['read-check']).toBeCloseTo(results[0].perSecond / results[1].perSecond)
  expect(results[0].latencyMs.p99).toBeGreaterThanOrEqual(results[0].latencyMs.p50)
  expect(stdout).toMatch(/Stockroom, REST +\| +1 \| +8 \| +[\d,]+ \|/)
  expect(stderr).toContain('[1/1 2/3] 20 products, 8 connections, 1 process: Express: read, check, insert, decrement: ')
})

test('a contender whose books do not show what it answered is not counted, however fast', async () => {
  const wrong = [
    { name: 'forgetful', module: new URL('contenders/forgetful.ts', import.meta.url) },
    { name: 'generous', module: new URL('contenders/generous.ts', import.meta.url) },
  ].map((contender): Contender => ({ ...contender, title: contender.name, door: 'rest' }))
  const time = { seconds: 0.2, warmUpSeconds: 0.1, rounds: 1 }
  const scenario = { products: [1], connections: [4], processes: [1], batches: [] }
  const report = await orders(mongo, { contenders: [rest, ...wrong], ...scenario, ...time }, quiet)

  expect(report.ok).toBe(false)
  const [right, forgetful, generous] = report.results as { perSecond?: number; wrong: string[] }[]
  expect(right).toMatchObject({ perSecond: expect.any(Number), wrong: [] })
  expect(forgetful!.perSecond ?? generous!.perSecond).toBeUndefined()
  expect(forgetful!.wrong.join()).toMatch(/^(\d+) of \1 acknowledged orders are not stored$/)
  expect(generous!.wrong.join()).toMatch(/SKU-000001 stands at 1000000000 instead of \d+$/)
  expect(report.lines.join('\n')).toMatch(/forgetful .*not counted/)
})

/** A shop of three products, whose `read` is measured for a moment. */
function readBriefly(read: string, contenders: readonly (string | ReadContender)[], orders: number): Promise<Report> {
  const chosen = contenders.map((each) =>
    typeof each === 'string' ? readContenders.find(({ name }) => name === each)! : each,
  )
  const scenario = { reads: readKinds.filter(({ name }) => name === read), products: [3], orders: [orders] }
  const time = { seconds: 0.3, warmUpSeconds: 0.1, rounds: 1 }
  return reads(mongo, { contenders: chosen, connections: 4, ...scenario, ...time }, quiet)
}

test('bench reads measures both doors beside the other contenders', async () => {
  const lists = await readBriefly('list', ['trpc', 'plain-trpc', 'bare'], 0)
  const orders = await readBriefly('order', ['rest', 'express-database'], 0)

  for (const { ok, results } of [lists, orders]) {
    const [own, other] = results as { perSecond: number; contender: string; ratios: Record<string, number> }[]
    expect(ok).toBe(true)
    expect(own!.perSecond).toBeGreaterThan(0)
    expect(own!.ratios[other!.contender]).toBeCloseTo(own!.perSecond / other!.perSecond)
  }
})

test('while orders are placed, answers are compared with what is sold', async () => {
  const lists = await readBriefly('list', ['rest', 'express-database'], 100)
  const products = await readBriefly('product', ['trpc'], 100)

  for (const { rounds } of [lists, products].flatMap(({ results }) => results as { rounds: Measurement[] }[])) {
    const { placed, freshness } = rounds[0]!.read!
    expect(Object.keys(placed!.outcomes)).toEqual(['201'])
    expect(freshness).toEqual({ checked: expect.any(Number), wrong: 0 })
    expect(freshness.checked).toBeGreaterThan(0)
  }
})

test('a list that is older than the last acknowledged order is not counted, however fast', async () => {
  const stale: ReadContender = {
    name: 'stale',
    title: 'stale',
    module: new URL('contenders/stale.ts', import.meta.url),
    door: 'rest',
    reads: ['list'],
    orders: 'itself',
  }
  const memory = readContenders.find(({ name }) => name === 'express-memory')!
  const report = await readBriefly('list', [stale, { ...memory, orders: 'beside' }], 100)

  expect(report.ok).toBe(false)
  const results = report.results as { perSecond?: number; wrong: string[] }[]
  for (const { perSecond, wrong } of results) {
    expect(perSecond).toBeUndefined()
    expect(wrong.join()).toMatch(
      /^\d+ wrong answers, the first: a product is shown with \d+ units more than were left$/,
    )
  }
  expect(report.lines.join('\n')).toMatch(/\| stale .*not counted/)
})

test('a flash sale comes to one order a unit, and refusals for all others', async () => {
  const report = await flashSale(mongo, { buyers: [60], units: 20, rounds: 1, warmUpSeconds: 0.1 }, quiet)

  expect(report.ok).toBe(true)
  expect(report.results).toMatchObject({ sales: [{ outcomes: { 201: 20, '400 OUT_OF_STOCK': 40 } }] })
})

test('bench live measures what subscribers are told, over both doors and from another process', async () => {
  const few = { subscribers: 3, products: 2, writesPerSecond: 10, seconds: 0.5, rounds: 1 }
  const report = await live(mongo, few, quiet)

  const results = report.results as { title: string; rounds: { events: number; latencyMs: { max: number } }[] }[]
  expect(results).toHaveLength(4)
  for (const { rounds } of results) {
    expect(rounds[0]!.events).toBeGreaterThan(0)
    expect(rounds[0]!.latencyMs.max).toBeLessThan(Infinity)
  }
})

test('the document keeps what other commands wrote', async () => {
  await writeDocs({ name: 'cost', lines: ['old cost'], plots: [] }, folder)
  await writeDocs({ name: 'orders', lines: ['some orders'], plots: [{ file: 'orders.svg', svg: '<svg/>' }] }, folder)
  await writeDocs({ name: 'cost', lines: ['new cost'], plots: [] }, folder)

  const text = await readFile(join(folder, 'benchmarks.md'), 'utf8')
  expect(text).toMatch(/^# Benchmarks\n[^]*some orders[^]*new cost/)
  expect(text).not.toContain('old cost')
  expect(await readFile(join(folder, 'plots', 'orders.svg'), 'utf8')).toBe('<svg/>')
})
