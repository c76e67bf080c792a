import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { MongoClient } from 'mongodb'
import { expect, test } from 'vitest'
import { buyAndRead } from './_buy-and-read.ts'
import { aProduct, testShop } from './_shop.ts'

const ORDERS = 10_000
const PRODUCTS = 20
const UNITS = 10_000
const LEFT = UNITS - ORDERS / PRODUCTS

test(
  'two processes that place 10,000 orders see no product go back, and agree with the database at the end',
  { timeout: 120_000 },
  async () => {
    await using test = await testShop()
    const rows = Array.from({ length: PRODUCTS }, () => aProduct({ quantity: UNITS }))
    await test.caller.products.upsertMany({ rows })

    const file = join(import.meta.dirname, '_second-process.ts')
    const args = ['--conditions=@stockroom/source', file, test.uri, test.database, String(ORDERS / 2)]
    const second = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = once(second, 'exit')
    const lines = createInterface({ input: second.stdout })[Symbol.asyncIterator]()
    const [first, { value: placed }] = await Promise.all([buyAndRead(test.shop, ORDERS / 2), lines.next()])
    expect(placed).toBe('placed')

    const all = Array.from({ length: PRODUCTS }, () => LEFT)
    await expect.poll(first.quantities).toEqual(all)
    second.stdin.write(`${LEFT}\n`)
    expect((await lines.next()).value).toBe('[]')
    expect(first.wentBack()).toEqual([])
    await ended

    await using client = new MongoClient(test.uri)
    const stored = await client.db(test.database).collection<{ quantity: number }>('products').find().toArray()
    expect(stored.map(({ quantity }) => quantity)).toEqual(all)
  },
)
