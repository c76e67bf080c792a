import type { CreateOrder } from '@stockroom/contracts'
import { describe, expect, test } from 'vitest'
import { books, refusal, wrongBooks } from './_books.ts'
import { aProduct, testShop } from './_shop.ts'

const nothing = '0123456789abcdef01234567'
const MAX = Number.MAX_SAFE_INTEGER

const one = (productId: string, quantity: number) => ({ userId: 'ada', lines: [{ productId, quantity }] })
const notFound = (...productIds: string[]) => ({ code: 'PRODUCT_NOT_FOUND', details: { productIds } })

describe('a placed order', () => {
  test('is answered, shown and listed whole, and its units are gone from stock', async () => {
    await using test = await testShop()
    const { products, orders } = test.caller
    const mug = await products.create(aProduct({ price: { amount: 1290, currency: 'EUR' }, quantity: 10 }))
    const bowl = await products.create(aProduct({ price: { amount: 1450, currency: 'EUR' }, quantity: 1 }))
    const from = Date.now()
    const order = await orders.create({
      userId: 'ada',
      lines: [
        { productId: mug.id, quantity: 3 },
        { productId: bowl.id, quantity: 1 },
      ],
    })
    expect(order).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      userId: 'ada',
      lines: [
        {
          productId: mug.id,
          sku: mug.sku,
          name: mug.name,
          unitPrice: { amount: 1290, currency: 'EUR' },
          quantity: 3,
          total: { amount: 3870, currency: 'EUR' },
        },
        {
          productId: bowl.id,
          sku: bowl.sku,
          name: bowl.name,
          unitPrice: { amount: 1450, currency: 'EUR' },
          quantity: 1,
          total: { amount: 1450, currency: 'EUR' },
        },
      ],
      total: { amount: 5320, currency: 'EUR' },
      status: 'placed',
      history: [{ status: 'placed', at: order.createdAt }],
      createdAt: expect.any(Date),
    })
    expect(order.createdAt.getTime()).toBeGreaterThanOrEqual(from)
    expect(order.createdAt.getTime()).toBeLessThanOrEqual(Date.now())
    expect(await orders.byId({ id: order.id })).toEqual(order)
    expect(await orders.byId({ id: order.id.toUpperCase() })).toEqual(order)
    expect(await orders.list()).toEqual({ items: [order], nextCursor: null })
    expect(await products.byId({ id: mug.id })).toEqual({
      ...mug,
      quantity: 7,
      revision: 2,
      updatedAt: order.createdAt,
    })
    expect((await products.byId({ id: bowl.id })).quantity).toBe(0)
    expect(await wrongBooks(test)).toEqual([])
  })

  test('has one line in the short form', async () => {
    await using test = await testShop()
    const mug = await test.caller.products.create(aProduct({ quantity: 2 }))
    const order = await test.caller.orders.create({ userId: 'ada', productId: mug.id, quantity: 2 })
    expect(order.lines).toMatchObject([{ productId: mug.id, quantity: 2, total: { amount: 2000, currency: 'EUR' } }])
    expect((await test.caller.products.byId({ id: mug.id })).quantity).toBe(0)
  })

  test('has one line for each product, in the order they were first named', async () => {
    await using test = await testShop()
    const mug = await test.caller.products.create(aProduct({ quantity: 6 }))
    const bowl = await test.caller.products.create(aProduct({ quantity: 1 }))
    const { lines } = await test.caller.orders.create({
      userId: 'ada',
      lines: [
        { productId: bowl.id, quantity: 1 },
        { productId: mug.id, quantity: 1 },
        { productId: mug.id.toUpperCase(), quantity: 2 },
        { productId: mug.id, quantity: 3 },
      ],
    })
    expect(lines.map(({ productId, quantity }) => [productId, quantity])).toEqual([
      [bowl.id, 1],
      [mug.id, 6],
    ])
    expect((await books(test)).map(({ quantity, ordered }) => [quantity, ordered])).toEqual([
      [0, 6],
      [0, 1],
    ])
  })

  test('keeps the prices and names of its moment, whatever is edited later', async () => {
    await using test = await testShop()
    const { products, orders } = test.caller
    const mug = aProduct({ name: 'Mug', price: { amount: 1000, currency: 'EUR' } })
    const { id } = await products.create(mug)
    const placed = await orders.create({ userId: 'ada', productId: id, quantity: 2 })
    await products.upsertMany({ rows: [{ ...mug, name: 'Cup', price: { amount: 1, currency: 'GBP' } }] })
    await products.setQuantity({ id, quantity: 0 })
    expect(await orders.byId({ id: placed.id })).toEqual(placed)

    await products.setQuantity({ id, quantity: 1 })
    expect(await orders.create({ userId: 'ada', productId: id, quantity: 1 })).toMatchObject({
      lines: [{ name: 'Cup', sku: mug.sku }],
      total: { amount: 1, currency: 'GBP' },
    })
  })

  test('is its caller’s own: what that one changes in it, nobody else is shown or charged', async () => {
    await using test = await testShop()
    const { products, orders } = test.caller
    const { id: productId } = await products.create(aProduct({ price: { amount: 1000, currency: 'EUR' } }))
    const input = { userId: 'ada', productId, quantity: 1 }
    const mine = await test.shop.orders.create(input)
    const stored = structuredClone(mine)
    mine.lines[0]!.unitPrice.amount = 1
    mine.total.amount = 1
    mine.createdAt.setFullYear(1999)
    mine.history[0]!.at.setFullYear(1999)
    expect(await orders.create(input)).toMatchObject({ total: { amount: 1000 }, lines: stored.lines })
    expect(await orders.byId({ id: mine.id })).toEqual(stored)

    const product = await products.byId({ id: productId })
    const shown = structuredClone(product)
    product.createdAt.setFullYear(1999)
    product.updatedAt.setFullYear(1999)
    expect(await products.byId({ id: productId })).toEqual(shown)
    expect((await products.list()).items).toEqual([shown])
  })

  test('may cost nothing', async () => {
    await using test = await testShop()
    const { id } = await test.caller.products.create(aProduct({ price: { amount: 0, currency: 'GBP' } }))
    const order = await test.caller.orders.create({ userId: 'ada', productId: id, quantity: 100 })
    expect(order.total).toEqual({ amount: 0, currency: 'GBP' })
  })

  test('may have 2,000 lines, each of which is taken from stock', async () => {
    await using test = await testShop()
    const { products, orders } = test.caller
    const rows = Array.from({ length: 2000 }, () => aProduct({ quantity: 2 }))
    const made = [
      await products.upsertMany({ rows: rows.slice(0, 1000) }),
      await products.upsertMany({ rows: rows.slice(1000) }),
    ]
    const lines = made.flatMap(({ results }) => results.map(({ id }) => ({ productId: id, quantity: 1 })))
    const order = await orders.create({ userId: 'ada', lines })
    expect(order.lines.map(({ sku }) => sku)).toEqual(rows.map(({ sku }) => sku))
    expect(order.total).toEqual({ amount: 2_000_000, currency: 'EUR' })
    expect(await orders.byId({ id: order.id })).toEqual(order)
    const accounts = await books(test)
    expect(accounts).toHaveLength(2000)
    expect(new Set(accounts.map(({ quantity, ordered }) => `${quantity}/${ordered}`))).toEqual(new Set(['1/1']))
    expect(await refusal(orders.create({ userId: 'ada', lines: [...lines, ...lines.slice(0, 1)] }))).toMatchObject({
      code: 'VALIDATION',
      details: { issues: [{ loc: ['lines'] }] },
    })
  })

  test('is for whom the caller says, to the letter', async () => {
    await using test = await testShop()
    const { id } = await test.caller.products.create(aProduct())
    for (const userId of ['a'.repeat(128), '😀', ' ', '$ne', '__proto__']) {
      const order = await test.caller.orders.create({ userId, productId: id, quantity: 1 })
      expect((await test.caller.orders.byId({ id: order.id })).userId).toBe(userId)
    }
  })
})

describe('a refused order', () => {
  test('tells each product that is short, with what was asked and what there is', async () => {
    await using test = await testShop()
    const { products, orders } = test.caller
    const mug = await products.create(aProduct({ quantity: 1 }))
    const bowl = await products.create(aProduct({ quantity: 5 }))
    const lamp = await products.create(aProduct({ quantity: 0 }))
    const lines = [
      { productId: mug.id, quantity: 1 },
      { productId: bowl.id, quantity: 2 },
      { productId: lamp.id, quantity: 1 },
      { productId: mug.id, quantity: 1 },
    ]
    expect(await refusal(orders.create({ userId: 'ada', lines }))).toEqual({
      code: 'OUT_OF_STOCK',
      details: {
        products: [
          { productId: mug.id, sku: mug.sku, requested: 2, available: 1 },
          { productId: lamp.id, sku: lamp.sku, requested: 1, available: 0 },
        ],
      },
    })
    expect((await orders.list()).items).toEqual([])
    expect((await products.list()).items).toEqual([mug, bowl, lamp])
  })

  test('tells every product that is not there', async () => {
    await using test = await testShop()
    const mug = await test.caller.products.create(aProduct())
    const place = (...ids: string[]) =>
      refusal(test.caller.orders.create({ userId: 'ada', lines: ids.map((productId) => ({ productId, quantity: 1 })) }))
    const other = 'f'.repeat(24)
    expect(await place(nothing)).toEqual(notFound(nothing))
    expect(await place(mug.id, nothing, other, nothing)).toEqual(notFound(nothing, other))
    expect(await place(mug.id, 'a mug')).toEqual(notFound('a mug'))
    expect(await test.caller.products.byId({ id: mug.id })).toEqual(mug)
  })

  test('cannot mix currencies', async () => {
    await using test = await testShop()
    const { products, orders } = test.caller
    const mug = await products.create(aProduct({ price: { amount: 1, currency: 'EUR' } }))
    const bowl = await products.create(aProduct({ price: { amount: 1, currency: 'JPY' } }))
    const lines = [mug, bowl].map(({ id }) => ({ productId: id, quantity: 1 }))
    expect(await refusal(orders.create({ userId: 'ada', lines }))).toEqual({
      code: 'CURRENCY_MISMATCH',
      details: { currencies: ['EUR', 'JPY'] },
    })
    expect((await products.list()).items).toEqual([mug, bowl])
  })

  test('has a total that could not be exact, in a line or in their sum', async () => {
    await using test = await testShop()
    const { products, orders } = test.caller
    const dear = await products.create(aProduct({ price: { amount: MAX, currency: 'EUR' } }))
    const cheap = await products.create(aProduct({ price: { amount: 1, currency: 'EUR' } }))
    const tooMuch = { code: 'AMOUNT_OUT_OF_RANGE', details: {} }
    expect(await refusal(orders.create(one(dear.id, 2)))).toEqual(tooMuch)
    const both = [...one(dear.id, 1).lines, ...one(cheap.id, 1).lines]
    expect(await refusal(orders.create({ userId: 'ada', lines: both }))).toEqual(tooMuch)
    expect((await products.list()).items).toEqual([dear, cheap])
    expect((await orders.create(one(dear.id, 1))).total.amount).toBe(MAX)
  })

  test.for<[string, Record<string, unknown>, string[][]]>([
    ['no user', { userId: '' }, [['userId']]],
    ['a user of 129 characters', { userId: 'a'.repeat(129) }, [['userId']]],
    ['an operator for a user', { userId: { $ne: null } }, [['userId']]],
    ['no units', { quantity: 0 }, [['quantity']]],
    ['too many units', { quantity: 1_000_001 }, [['quantity']]],
    ['a price', { price: 1, total: 0 }, [['price'], ['total']]],
    ['both forms', { lines: [{ productId: nothing, quantity: 1 }] }, [['lines']]],
  ])('is not valid with %s', async ([, fields, locs]) => {
    await using test = await testShop()
    const input = { userId: 'ada', productId: nothing, quantity: 1, ...fields } as unknown as CreateOrder
    const { code, details } = await refusal(test.caller.orders.create(input))
    expect(code).toBe('VALIDATION')
    expect((details as { issues: { loc: string[] }[] }).issues.map(({ loc }) => loc)).toEqual(locs)
  })

  test.for([nothing, '', 'nothing', '\0', `${nothing}0`])('is not found, as no order has the id %o', async (id) => {
    await using test = await testShop()
    expect(await refusal(test.caller.orders.byId({ id }))).toEqual({
      code: 'ORDER_NOT_FOUND',
      details: { orderId: id },
    })
  })
})
