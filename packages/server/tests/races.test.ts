import { describe, expect, test } from 'vitest'
import { books, tally, wrongBooks } from './_books.ts'
import { aProduct, testShop } from './_shop.ts'

const times = <Result>(count: number, call: (index: number) => Result) =>
  Array.from({ length: count }, (_, n) => call(n))

/** Two shops on one database, as two processes have them. */
async function twoShops() {
  await using stack = new AsyncDisposableStack()
  const here = stack.use(await testShop())
  const there = stack.use(await testShop({ database: here.database }))
  const open = stack.move()
  return { here, there, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

describe('at the same time', () => {
  test('two lines of one product in one order share its stock', async () => {
    await using test = await testShop()
    const { id, sku } = await test.caller.products.create(aProduct({ quantity: 1 }))
    const line = { productId: id, quantity: 1 }
    const counts = await tally(
      times(20, (n) => test.caller.orders.create({ userId: `buyer-${n}`, lines: n === 13 ? [line] : [line, line] })),
    )
    expect(counts).toEqual({ ok: 1, OUT_OF_STOCK: 19 })
    expect(await books(test)).toEqual([{ sku, quantity: 0, moved: 1, ordered: 1 }])
  })

  test('orders for (a, b) and (b, a) do not lock each other out', async () => {
    await using test = await testShop()
    const [a, b] = [
      (await test.caller.products.create(aProduct({ quantity: 150 }))).id,
      (await test.caller.products.create(aProduct({ quantity: 100 }))).id,
    ]
    const counts = await tally(
      times(400, (n) =>
        test.caller.orders.create({
          userId: `buyer-${n}`,
          lines: (n % 2 ? [a, b] : [b, a]).map((productId) => ({ productId, quantity: 1 })),
        }),
      ),
    )
    expect(counts).toEqual({ ok: 100, OUT_OF_STOCK: 300 })
    expect((await books(test)).map(({ quantity, ordered }) => [quantity, ordered])).toEqual([
      [50, 100],
      [0, 100],
    ])
  })

  test('an order of 2,000 products is placed beside a process that sells the last of them all the time', async () => {
    await using shops = await twoShops()
    const { here, there } = shops
    const rows = times(2000, () => aProduct({ quantity: 1_000_000 }))
    const made = [rows.slice(0, 1000), rows.slice(1000)].map((part) => here.caller.products.upsertMany({ rows: part }))
    const ids = (await Promise.all(made)).flatMap(({ results }) => results.map(({ id }) => id)).toSorted()
    const first = Promise.withResolvers<void>()
    const stop = new AbortController()
    const selling = times(8, async () => {
      while (!stop.signal.aborted) {
        await there.caller.orders.create({ userId: 'ada', productId: ids.at(-1)!, quantity: 1 })
        first.resolve()
      }
    })
    await first.promise
    const lines = ids.map((productId) => ({ productId, quantity: 1 }))
    const placed = await tally([1, 2, 3].map(() => here.caller.orders.create({ userId: 'bo', lines })))
    stop.abort()
    await Promise.all(selling)
    expect(placed).toEqual({ ok: 3 })
    expect(await wrongBooks(here)).toEqual([])
  })

  test('fifty want the last unit, twenty times over: one gets it', async () => {
    await using test = await testShop()
    const { id } = await test.caller.products.create(aProduct({ quantity: 0 }))
    for (let round = 1; round <= 20; round++) {
      await test.caller.products.setQuantity({ id, quantity: 1 })
      const counts = await tally(
        times(50, (n) => test.caller.orders.create({ userId: `buyer-${n}`, productId: id, quantity: 1 })),
      )
      expect(counts).toEqual({ ok: 1, OUT_OF_STOCK: 49 })
      expect((await test.caller.products.byId({ id })).quantity).toBe(0)
    }
    expect(await books(test)).toMatchObject([{ quantity: 0, moved: 20, ordered: 20 }])
  })

  test('fifty create one SKU: one does, the others learn whose it is', async () => {
    await using test = await testShop()
    const calls = times(50, (n) => test.caller.products.create(aProduct({ sku: 'MUG', name: `Mug ${n}` })))
    expect(await tally(calls)).toEqual({ ok: 1, SKU_TAKEN: 49 })
    const { items } = await test.caller.products.list()
    expect(items).toEqual([await Promise.any(calls)])
    const refusals = (await Promise.allSettled(calls)).filter((outcome) => outcome.status === 'rejected')
    for (const { reason } of refusals) expect(reason.cause.details).toEqual({ sku: 'MUG', productId: items[0]!.id })
  })

  test('orders, quantities that are set, bulk rows and new products leave the books right', async () => {
    await using test = await testShop()
    const { products, orders } = test.caller
    const rows = times(5, () => aProduct({ quantity: 20 }))
    const { results } = await products.upsertMany({ rows })
    const ids = results.map(({ id }) => id)
    const pick = (n: number) => ids[n % ids.length]!
    const order = (n: number) => ({
      userId: `buyer-${n}`,
      lines: [n, n + 1, n + 3].map((index) => ({ productId: pick(index), quantity: 1 + (index % 3) })),
    })
    const counts = await tally([
      ...times(300, (n) => orders.create(order(n))),
      ...times(60, (n) => products.setQuantity({ id: pick(n), quantity: n % 30 })),
      ...times(20, (n) =>
        products.upsertMany({
          rows: rows.map((row, index) => ({ ...row, name: `Name ${n}`, quantity: (n + index) % 25 })),
          setQuantity: n % 2 === 0,
        }),
      ),
      ...times(20, (n) => products.create(aProduct({ sku: `NEW-${n % 10}` }))),
    ])
    expect(counts).toMatchObject({ SKU_TAKEN: 10, ok: expect.any(Number) })
    expect(Object.keys(counts).toSorted()).toEqual(['OUT_OF_STOCK', 'SKU_TAKEN', 'ok'])
    expect(await wrongBooks(test)).toEqual([])
    expect((await books(test)).length).toBe(15)
  })
})

describe('two processes on one database', () => {
  test('sell a product out together, exactly', async () => {
    await using shops = await twoShops()
    const { here, there } = shops
    const { id, sku } = await here.caller.products.create(aProduct({ quantity: 300 }))
    const counts = await tally(
      times(800, (n) =>
        (n % 2 ? here : there).caller.orders.create({ userId: `buyer-${n}`, productId: id, quantity: 1 }),
      ),
    )
    expect(counts).toEqual({ ok: 300, OUT_OF_STOCK: 500 })
    expect(await books(here)).toEqual([{ sku, quantity: 0, moved: 300, ordered: 300 }])
  })

  test('meet on single orders for one product again and again, and none is turned away', async () => {
    await using shops = await twoShops()
    const { here, there } = shops
    const { id } = await here.caller.products.create(aProduct({ quantity: 400 }))
    const buyer = async (n: number) => {
      const { orders } = (n % 2 ? here : there).caller
      for (let order = 0; order < 25; order++) await orders.create({ userId: `buyer-${n}`, productId: id, quantity: 1 })
    }
    expect(await tally(times(16, buyer))).toEqual({ ok: 16 })
    expect(await books(here)).toMatchObject([{ quantity: 0, moved: 400, ordered: 400 }])
  })

  test('want the last unit of two hundred products: each is sold once', async () => {
    await using shops = await twoShops()
    const { here, there } = shops
    const { results } = await here.caller.products.upsertMany({ rows: times(200, () => aProduct({ quantity: 1 })) })
    const sold = new Map<string, number>()
    const buyer = async (n: number) => {
      const { orders } = (n % 2 ? here : there).caller
      for (const { id } of results) {
        const counts = await tally([orders.create({ userId: `buyer-${n}`, productId: id, quantity: 1 })])
        expect(Object.keys(counts)).toBeOneOf([['ok'], ['OUT_OF_STOCK']])
        sold.set(id, (sold.get(id) ?? 0) + (counts.ok ?? 0))
      }
    }
    await Promise.all(times(4, buyer))
    expect([...sold.values()]).toEqual(times(200, () => 1))
    expect(await wrongBooks(here)).toEqual([])
  })

  test('create one SKU: one process does, and both show the same product', async () => {
    await using shops = await twoShops()
    const { here, there } = shops
    for (let round = 0; round < 10; round++) {
      const sku = `MUG-${round}`
      const calls = times(6, (n) => (n % 2 ? here : there).caller.products.create(aProduct({ sku })))
      expect(await tally(calls)).toEqual({ ok: 1, SKU_TAKEN: 5 })
      const { id } = await Promise.any(calls)
      expect(await here.caller.products.byId({ id })).toEqual(await there.caller.products.byId({ id }))
    }
    expect(await wrongBooks(here)).toEqual([])
  })

  test('mix orders, quantities and bulk rows, and the books are right', async () => {
    await using shops = await twoShops()
    const { here, there } = shops
    const rows = times(3, () => aProduct({ quantity: 100 }))
    const { results } = await here.caller.products.upsertMany({ rows })
    const id = (n: number) => results[n % 3]!.id
    const shop = (n: number) => (n % 2 ? here : there).caller
    const counts = await tally([
      ...times(150, (n) =>
        shop(n).orders.create({
          userId: `buyer-${n}`,
          lines: [n, n + 1].map((index) => ({ productId: id(index), quantity: 2 })),
        }),
      ),
      ...times(30, (n) => shop(n).products.setQuantity({ id: id(n), quantity: 50 + n })),
      ...times(10, (n) =>
        shop(n).products.upsertMany({ rows: rows.map((row) => ({ ...row, quantity: 70 + n })), setQuantity: true }),
      ),
    ])
    expect(Object.keys(counts).filter((code) => code !== 'ok' && code !== 'OUT_OF_STOCK')).toEqual([])
    expect(await wrongBooks(here)).toEqual([])
  })
})
