import { CreateProduct } from '@stockroom/contracts'
import type { ShopClient } from '@stockroom/client'
import { countOutcomes, inBulks } from '../bulks.ts'
import type { UpsertResult } from '../bulks.ts'
import { connect } from '../connect.ts'
import { CliError } from '../errors.ts'
import type { InputFile } from '../input-file.ts'
import { openInput } from '../input-file.ts'
import type { LogLine } from '../online-retail.ts'
import { logColumns, OnlineRetailLog, setAside } from '../online-retail.ts'
import { placeOrders } from '../place-orders.ts'
import { startProgress } from '../progress.ts'
import { readRows } from '../read-rows.ts'
import { replayLines } from '../report.ts'
import { textOf } from '../text-of.ts'
import type { CommandContext, CommandResult } from './context.ts'

export interface ReplayOptions {
  readonly url: string
  readonly preset: 'online-retail'
  readonly stock: number
  readonly concurrency: number
}

/** `shop replay FILE`: makes the products of an order log and places its orders again, in their order. */
export async function replay(
  { config, io }: CommandContext,
  file: string,
  { url, preset, stock, concurrency }: ReplayOptions,
): Promise<CommandResult> {
  const input = await openInput(file, config.filesFrom)
  if (input.format !== 'csv') throw new CliError(`${input.name}: a log of this preset is CSV.`)
  const client = await connect(url)
  const { log, lines } = await readLog(input, io)
  const products = await createProducts(client, log.products(stock))
  const ids = products.map(({ id }) => id)
  const orders = log.orders()

  using progress = startProgress(io, { label: 'Placing orders', total: orders.length })
  const { placed, refused, units, seconds, latency } = await placeOrders(client, {
    count: orders.length,
    concurrency,
    orderAt(index) {
      const order = orders[index]!
      return {
        userId: order.userId,
        lines: Array.from(order.units, ([place, quantity]) => ({ productId: ids[place]!, quantity })),
      }
    },
    onAnswer: (answered) => progress.update(answered),
  })

  const report = {
    file: input.name,
    preset,
    stock,
    concurrency,
    lines,
    products: { total: products.length, ...countOutcomes(products) },
    orders: { total: orders.length, placed, refused },
    unitsSold: units,
    seconds: rounded(seconds),
    ordersPerSecond: Math.round(orders.length / Math.max(seconds, 1e-9)),
    latencyMs: { p50: rounded(latency.p50), p99: rounded(latency.p99) },
  }
  // That something is sold out is what a shop says every day; any other refusal is a failure.
  const ok = Object.keys(refused).every((code) => code === 'OUT_OF_STOCK')
  return { ok, report, lines: replayLines(report) }
}

async function readLog(input: InputFile, io: CommandContext['io']) {
  using progress = startProgress(io, { label: `Reading ${input.name}`, total: input.size })
  const log = new OnlineRetailLog()
  const aside = { cancellation: 0, adjustment: 0, quantity: 0, price: 0, malformed: 0 }
  let [read, sales] = [0, 0]
  const hint = 'Is it a log of this preset?'
  for await (const { fields } of readRows(input, { required: logColumns, hint })) {
    read++
    const line = fields && toLogLine(fields)
    const reason = line ? setAside(line) : 'malformed'
    if (reason) aside[reason]++
    else if (line) {
      sales++
      log.add(line)
    }
    progress.update(input.position())
  }
  return { log, lines: { read, sales, setAside: aside } }
}

function toLogLine(fields: Readonly<Record<string, unknown>>): LogLine {
  return Object.fromEntries(logColumns.map((column) => [column, textOf(fields[column])])) as Record<
    (typeof logColumns)[number],
    string
  >
}

/** What became of each product, in their order. */
async function createProducts(client: ShopClient, products: readonly CreateProduct[]): Promise<UpsertResult[]> {
  for (const product of products) {
    const issue = CreateProduct.safeParse(product).error?.issues[0]
    if (issue) {
      throw new CliError(
        `The product "${product.sku}" of this log cannot be created: ${issue.path.join('.')}: ${issue.message}. Nothing was sent; correct its lines and run the replay again.`,
      )
    }
  }
  const made: UpsertResult[] = []
  for await (const rows of inBulks(products)) made.push(...(await client.products.upsertMany.mutate({ rows })).results)
  return made
}

const rounded = (value: number) => Math.round(value * 100) / 100
