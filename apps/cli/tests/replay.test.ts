import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { data, noShop, servedShop, shop } from './_cli.ts'
import { folder } from './_files.ts'

const ownLog = `${data}/orders.csv`
const firstDays = fileURLToPath(new URL('../../../../shared/data/online-retail-2010-12-w1.csv.gz', import.meta.url))

/**
 * What a shop with this stock makes of the log, one order after the other. Counted with Python's csv and decimal,
 * apart from the code that is tested here.
 */
const ownLogAt50 = {
  file: ownLog,
  stock: 50,
  lines: { read: 59, sales: 46, setAside: { cancellation: 4, adjustment: 2, quantity: 4, price: 3, malformed: 0 } },
  products: 15,
  priceSum: 16_294,
  orders: { total: 25, placed: 18, refused: { OUT_OF_STOCK: 7 } },
  unitsSold: 397,
  orderLines: 31,
  pence: 410_089,
  unitsLeft: 353,
}
const firstDaysAt1000: typeof ownLogAt50 = {
  file: firstDays,
  stock: 1000,
  lines: {
    read: 16_985,
    sales: 16_676,
    setAside: { cancellation: 183, adjustment: 0, quantity: 45, price: 81, malformed: 0 },
  },
  products: 2304,
  priceSum: 2_603_377,
  orders: { total: 611, placed: 566, refused: { OUT_OF_STOCK: 45 } },
  unitsSold: 104_720,
  orderLines: 12_932,
  pence: 48_302_802,
  unitsLeft: 2_199_280,
}

test.each([ownLogAt50, existsSync(firstDays) ? firstDaysAt1000 : ownLogAt50])(
  'a replay of $file one by one does exactly what the log says',
  async ({ file, stock, lines, orders, unitsSold, ...expected }) => {
    await using served = await servedShop()
    const args = ['replay', file, '--preset', 'online-retail', `--stock=${stock}`, '--concurrency=1', '--json']
    const { code, out } = await shop(served.config, ...args)

    expect(code).toBe(0)
    const report = JSON.parse(out)
    expect(report).toMatchObject({ stock, concurrency: 1, lines, orders, unitsSold })
    expect(report.products).toEqual({ total: expected.products, created: expected.products, updated: 0, unchanged: 0 })
    expect(report.ordersPerSecond).toBeGreaterThan(0)
    expect(report.latencyMs.p99).toBeGreaterThanOrEqual(report.latencyMs.p50)

    const catalogue = await everything((cursor) => served.caller.products.list({ cursor }))
    expect(sum(catalogue.map(({ price }) => price.amount))).toBe(expected.priceSum)
    expect(sum(catalogue.map(({ quantity }) => quantity))).toBe(expected.unitsLeft)
    const placed = await everything((cursor) => served.caller.orders.list({ cursor }))
    expect(sum(placed.map((order) => order.lines.length))).toBe(expected.orderLines)
    expect(sum(placed.map(({ total }) => total.amount))).toBe(expected.pence)

    const verified = await shop(served.config, 'verify', '--json')
    expect(verified.code).toBe(0)
    expect(JSON.parse(verified.out)).toEqual({
      products: expected.products,
      movements: expected.products,
      orders: orders.placed,
      units: unitsSold,
      differences: [],
    })
  },
)

test('orders placed sixteen at a time leave the books in order, and are all answered', async () => {
  await using served = await servedShop()
  const log = existsSync(firstDays) ? firstDaysAt1000 : ownLogAt50
  const args = ['replay', log.file, '--preset=online-retail', '--stock=100', '--concurrency=16', '--json']
  const { code, out } = await shop(served.config, ...args)

  expect(code).toBe(0)
  const { orders, unitsSold } = JSON.parse(out)
  expect(orders.placed + orders.refused.OUT_OF_STOCK).toBe(log.orders.total)
  const verified = await shop(served.config, 'verify', '--json')
  expect(JSON.parse(verified.out)).toMatchObject({ orders: orders.placed, units: unitsSold, differences: [] })
})

test('products and orders are those of the log', async () => {
  await using served = await servedShop()
  await shop(served.config, 'replay', 'orders.csv', '--preset=online-retail', '--concurrency=1')

  const { items: products } = await served.caller.products.list()
  expect(Object.fromEntries(products.map(({ sku, name, price }) => [sku, `${name} ${price.amount}`]))).toEqual({
    LAMP01: 'BRASS LAMP (DESK) 2234',
    'MUG-7': 'MUG, BLUE GLAZE 325',
    'mug-7': 'MUG RED GLAZE 345',
    TRAY9: 'OAK TRAY 40 CM 1300',
    POST: 'CARRIAGE 1500',
    'HOOK-S': 'SMALL HOOK 0',
    CANDLE: 'CANDLE "SEA" 110',
    ROPE3: 'ROPE 3M 681',
    NAIL: 'NAIL 2',
    VASE: 'GLASS VASE 1049',
    vase: 'GLASS VASE SMALL 649',
    PLATE: '? 400',
    BOWL: 'BOWL 500',
    SHELF: 'SHELF 4000',
    CLOCK: 'WALL CLOCK 3199',
  })
  const { items: orders } = await served.caller.orders.list()
  expect(orders).toHaveLength(25)
  expect(
    orders.slice(0, 2).map(({ userId, lines }) => [userId, lines.map((line) => [line.sku, line.quantity])]),
  ).toEqual([
    [
      '41007',
      [
        ['LAMP01', 4],
        ['MUG-7', 15],
        ['mug-7', 6],
        ['VASE', 1],
      ],
    ],
    [
      'guest',
      [
        ['TRAY9', 2],
        ['LAMP01', 1],
      ],
    ],
  ])
})

test('the report in words', async () => {
  await using served = await servedShop()
  const { out, err } = await shop(served.config, 'replay', 'orders.csv', '--preset=online-retail', '--stock=50')

  expect(out).toContain('59 read, 46 sales; set aside: 4 cancellation, 2 adjustment, 4 quantity, 3 price')
  expect(out).toContain('15, 15 of them new')
  expect(out).toMatch(/\d+ of 25 placed; refused: \d+ OUT_OF_STOCK/)
  expect(out).toMatch(/orders\/s, 16 at once/)
  expect(err).toContain('Placing orders: 100%')
})

test('a refusal that is not for want of stock is a failure', async () => {
  await using served = await servedShop()
  await using files = await folder()
  const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
  const rows = [`1,MUG,MUG,1,now,1.00,${'9'.repeat(200)},UK`, '2,MUG,MUG,1,now,1.00,,UK']
  const file = await files.write('log.csv', [header, ...rows].join('\n'))

  const { code, out } = await shop(served.config, 'replay', file, '--preset=online-retail', '--json')
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({ orders: { total: 2, placed: 1, refused: { VALIDATION: 1 } } })
})

test('a log that is no CSV is refused', async () => {
  await using files = await folder()
  await using served = await servedShop()
  const file = await files.write('log.jsonl', '{}')
  const { code, err } = await shop(served.config, 'replay', file, '--preset', 'online-retail')
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('log.jsonl: a log of this preset is CSV') })
})

test('a product that the shop cannot hold ends the replay before anything is sent', async () => {
  await using served = await servedShop()
  await using files = await folder()
  const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
  const file = await files.write('log.csv', `${header}\n1,MUG,MUG,1,now,1.00,,UK\n1,,MUG,1,now,1.00,,UK\n`)

  const { code, err } = await shop(served.config, 'replay', file, '--preset=online-retail')
  expect(code).toBe(1)
  expect(err).toContain('The product "" of this log cannot be created: sku: ')
  expect((await served.caller.products.list()).items).toEqual([])
})

test('what is no such log, or no shop, says so', async () => {
  await using served = await servedShop()
  await using files = await folder()
  const file = await files.write('other.csv', 'sku,name\nA,B\n')

  const replaying = ['replay', file, '--preset=online-retail']
  expect((await shop(served.config, ...replaying)).err).toContain('no column "InvoiceNo", "StockCode"')
  expect((await shop(noShop, ...replaying)).err).toContain('No shop answers at')
  const json = await shop(noShop, ...replaying, '--json')
  expect(JSON.parse(json.out).error).toContain('No shop answers at')
})

async function everything<Item>(page: (cursor?: string) => Promise<{ items: Item[]; nextCursor: string | null }>) {
  const all: Item[] = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const { items, nextCursor } = await page(cursor)
    all.push(...items)
    cursor = nextCursor
  }
  return all
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
