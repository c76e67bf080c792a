import type { CreateProduct } from '@stockroom/contracts'
import { MongoClient } from 'mongodb'
import { describe, expect, test } from 'vitest'
import { books, refusal, wrongBooks } from './_books.ts'
import { aProduct, testShop } from './_shop.ts'

const nothing = '0123456789abcdef01234567'

/** Whether a time lies between two others, the ends included. */
const isBetween = (time: Date, from: number, to = Date.now()) => time.getTime() >= from && time.getTime() <= to

describe('a created product', () => {
  test('is answered, shown and listed with all its fields', async () => {
    await using test = await testShop()
    const from = Date.now()
    const fields = aProduct({ description: 'Blue, 350 ml', category: 'Kitchen', quantity: 7 })
    const product = await test.caller.products.create(fields)
    expect(product).toEqual({
      ...fields,
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      version: 1,
      revision: 1,
      createdAt: expect.any(Date),
      updatedAt: product.createdAt,
    })
    expect(isBetween(product.createdAt, from)).toBe(true)
    expect(await test.caller.products.byId({ id: product.id })).toEqual(product)
    expect(await test.caller.products.list()).toEqual({ items: [product], nextCursor: null })
  })

  test('has no description and no category where none was given, said or unsaid', async () => {
    await using test = await testShop()
    const made = [
      await test.caller.products.create(aProduct()),
      await test.caller.products.create(aProduct({ description: undefined, category: undefined })),
    ]
    for (const product of made) expect([product.description, product.category]).toEqual([undefined, undefined])
    await using reopened = await testShop({ database: test.database })
    expect((await reopened.caller.products.list()).items).toEqual(made)
  })

  test('keeps its text to the letter', async () => {
    await using test = await testShop()
    const texts = ['Größe 茶碗 😀', ' two  spaces ', '$ne', '__proto__', '<b>&amp;</b>', 'line\nbreak', '\u202e\u0301']
    for (const name of texts) {
      const { id } = await test.caller.products.create(aProduct({ name, description: name, category: name }))
      expect(await test.caller.products.byId({ id })).toMatchObject({ name, description: name, category: name })
    }
  })

  test('can have every price and stock between the bounds', async () => {
    await using test = await testShop()
    for (const [amount, quantity] of [
      [0, 0],
      [1, 1],
      [2 ** 31, 999_999_999],
      [Number.MAX_SAFE_INTEGER, 1_000_000_000],
    ] as const) {
      const fields = aProduct({ price: { amount, currency: 'JPY' }, quantity })
      const { id } = await test.caller.products.create(fields)
      expect(await test.caller.products.byId({ id })).toMatchObject(fields)
    }
    expect(await wrongBooks(test)).toEqual([])
  })

  test('is refused where its SKU is taken, and the one that has it stays as it is', async () => {
    await using test = await testShop()
    const mug = await test.caller.products.create(aProduct({ sku: 'MUG' }))
    expect(await refusal(test.caller.products.create(aProduct({ sku: 'MUG' })))).toEqual({
      code: 'SKU_TAKEN',
      details: { sku: 'MUG', productId: mug.id },
    })
    expect((await test.caller.products.list()).items).toEqual([mug])
  })

  test('has a SKU of its own if but the case differs', async () => {
    await using test = await testShop()
    for (const sku of ['MUG', 'mug', 'Mug', 'm\u00fcg', 'mu\u0308g'])
      await test.caller.products.create(aProduct({ sku }))
    expect((await test.caller.products.list()).items).toHaveLength(5)
  })

  test('is refused with a place for each field that is wrong', async () => {
    await using test = await testShop()
    const wrong = { sku: ' ', name: '', price: { amount: -1, currency: 'XXX' }, quantity: 1.5, id: nothing }
    const { code, details } = await refusal(test.caller.products.create(wrong as unknown as CreateProduct))
    expect(code).toBe('VALIDATION')
    const { issues } = details as { issues: { loc: string[]; msg: string }[] }
    expect(new Set(issues.map(({ loc }) => loc.join('.')))).toEqual(
      new Set(['sku', 'name', 'price.amount', 'price.currency', 'quantity', 'id']),
    )
    for (const { msg } of issues) expect(msg.length).toBeGreaterThan(0)
  })
})

describe('a product that is not there', () => {
  test.for([nothing, '', 'nothing', nothing.slice(1), `${nothing}0`, '\0', '😀', '__proto__'])('%o', async (id) => {
    await using test = await testShop()
    const notFound = { code: 'PRODUCT_NOT_FOUND', details: { productIds: [id] } }
    expect(await refusal(test.caller.products.byId({ id }))).toEqual(notFound)
    expect(await refusal(test.caller.products.setQuantity({ id, quantity: 1 }))).toEqual(notFound)
  })
})

describe('the units on hand', () => {
  test('are set, up and down, to zero and to the most', async () => {
    await using test = await testShop()
    const from = Date.now()
    let product = await test.caller.products.create(aProduct({ quantity: 5 }))
    const { id, createdAt } = product
    for (const quantity of [8, 3, 0, 1_000_000_000, 1]) {
      const changed = await test.caller.products.setQuantity({ id, quantity })
      expect(changed).toEqual({ ...product, quantity, revision: product.revision + 1, updatedAt: expect.any(Date) })
      expect(isBetween(changed.updatedAt, from)).toBe(true)
      expect(changed.createdAt).toEqual(createdAt)
      expect(await test.caller.products.byId({ id })).toEqual(changed)
      product = changed
    }
    expect(await books(test)).toEqual([{ sku: product.sku, quantity: 1, moved: 1, ordered: 0 }])
  })

  test('that are what they are to be leave the product alone', async () => {
    await using test = await testShop()
    const product = await test.caller.products.create(aProduct({ quantity: 5 }))
    expect(await test.caller.products.setQuantity({ id: product.id, quantity: 5 })).toEqual(product)
    expect(await test.caller.products.byId({ id: product.id })).toEqual(product)
  })

  test('are never negative, broken or beyond the most', async () => {
    await using test = await testShop()
    const { id } = await test.caller.products.create(aProduct({ quantity: 5 }))
    for (const quantity of [-1, 0.5, 1_000_000_001, Number.NaN]) {
      expect(await refusal(test.caller.products.setQuantity({ id, quantity }))).toMatchObject({
        code: 'VALIDATION',
        details: { issues: [{ loc: ['quantity'] }] },
      })
    }
    expect((await test.caller.products.byId({ id })).quantity).toBe(5)
  })

  test('are adjusted to zero and to the most, no further, and back from beyond it', async () => {
    await using test = await testShop()
    const { id } = await test.caller.products.create(aProduct({ quantity: 5 }))
    const adjust = (delta: number) => test.caller.products.adjustQuantity({ id, delta, reason: 'counted' })
    expect(await refusal(adjust(-6))).toMatchObject({ code: 'OUT_OF_STOCK' })
    expect((await adjust(-5)).quantity).toBe(0)
    const order = { userId: 'ada', productId: id, quantity: 2 }
    expect((await adjust(1_000_000_000)).quantity).toBe(1_000_000_000)
    const { id: orderId } = await test.caller.orders.create(order)
    expect((await adjust(2)).quantity).toBe(1_000_000_000)
    await test.caller.orders.cancel({ id: orderId })
    expect(await refusal(adjust(1))).toMatchObject({
      code: 'VALIDATION',
      details: { issues: [{ loc: ['delta'], msg: expect.stringContaining('at most 0') }] },
    })
    expect((await adjust(-1)).quantity).toBe(1_000_000_001)
    expect(await wrongBooks(test)).toEqual([])
  })

  test('can be set where somebody has put them below zero past the shop', async () => {
    await using test = await testShop()
    const { id } = await test.caller.products.create(aProduct({ quantity: 5 }))
    await using client = new MongoClient(test.uri)
    const products = client.db(test.database).collection('products')
    await products.updateOne({}, { $set: { quantity: -2 } }, { bypassDocumentValidation: true })
    expect(await test.caller.products.setQuantity({ id, quantity: 4 })).toMatchObject({ quantity: 4 })
    expect(await books(test)).toMatchObject([{ quantity: 4, moved: 11, ordered: 0 }])
  })

  test('are found under an id in capitals too', async () => {
    await using test = await testShop()
    const product = await test.caller.products.create(aProduct())
    const id = product.id.toUpperCase()
    expect(await test.caller.products.byId({ id })).toEqual(product)
    expect((await test.caller.products.setQuantity({ id, quantity: 3 })).id).toBe(product.id)
  })
})

describe('products in bulk', () => {
  test('are created, updated or left alone, and each row is told which', async () => {
    await using test = await testShop()
    const { products } = test.caller
    const [mug, bowl] = [aProduct({ quantity: 3 }), aProduct({ quantity: 4 })]
    const { id: mugId, ...madeMug } = await products.create(mug)
    const { id: bowlId } = await products.create(bowl)
    const lamp = aProduct({ quantity: 5 })
    const { results } = await products.upsertMany({ rows: [lamp, { ...bowl, name: 'Deep bowl', quantity: 99 }, mug] })

    const lampId = results[0]!.id
    expect(results).toEqual([
      { sku: lamp.sku, id: lampId, outcome: 'created' },
      { sku: bowl.sku, id: bowlId, outcome: 'updated' },
      { sku: mug.sku, id: mugId, outcome: 'unchanged' },
    ])
    expect(await products.byId({ id: lampId })).toMatchObject({ ...lamp, version: 1, revision: 1 })
    expect(await products.byId({ id: bowlId })).toMatchObject({
      name: 'Deep bowl',
      quantity: 4,
      version: 2,
      revision: 2,
    })
    expect(await products.byId({ id: mugId })).toEqual({ id: mugId, ...madeMug })
    expect(await wrongBooks(test)).toEqual([])
  })

  test('are all unchanged the second time', async () => {
    await using test = await testShop()
    const rows = Array.from({ length: 250 }, () => aProduct({ description: 'Blue', category: 'Kitchen' }))
    const outcomes = async () =>
      new Set(
        (await test.caller.products.upsertMany({ rows, setQuantity: true })).results.map(({ outcome }) => outcome),
      )
    expect([await outcomes(), await outcomes()]).toEqual([new Set(['created']), new Set(['unchanged'])])
    const { items } = await test.caller.products.list()
    expect(new Set(items.map(({ revision }) => revision))).toEqual(new Set([1]))
  })

  test('change in the fields that a row says, and keep those it leaves out', async () => {
    await using test = await testShop()
    const { products } = test.caller
    const mug = aProduct({ description: 'Blue', category: 'Kitchen' })
    const { id } = await products.create(mug)
    const { description: _, category: __, ...short } = mug
    const steps: [row: CreateProduct, outcome: string, version: number][] = [
      [short, 'unchanged', 1],
      [{ ...short, description: undefined, category: undefined }, 'unchanged', 1],
      [{ ...short, name: 'Cup' }, 'updated', 2],
      [{ ...short, name: 'Cup', price: { amount: 1, currency: 'EUR' } }, 'updated', 3],
      [{ ...short, name: 'Cup', price: { amount: 1, currency: 'JPY' } }, 'updated', 4],
      [{ ...short, name: 'Cup', price: { amount: 1, currency: 'JPY' }, category: 'Desk' }, 'updated', 5],
      [{ ...short, name: 'Cup', price: { amount: 1, currency: 'JPY' }, description: 'Red' }, 'updated', 6],
    ]
    for (const [row, outcome, version] of steps) {
      const { results } = await products.upsertMany({ rows: [row] })
      expect(results).toEqual([{ sku: mug.sku, id, outcome }])
      expect(await products.byId({ id })).toMatchObject({ version, revision: version })
    }
    expect(await products.byId({ id })).toMatchObject({
      name: 'Cup',
      price: { amount: 1, currency: 'JPY' },
      description: 'Red',
      category: 'Desk',
      quantity: mug.quantity,
    })
  })

  test('bring their stock when they are created, and later only if asked', async () => {
    await using test = await testShop()
    const { products } = test.caller
    const mug = aProduct({ quantity: 3 })
    const upsert = async (row: CreateProduct, setQuantity?: boolean) => {
      const { results } = await products.upsertMany({ rows: [row], setQuantity })
      const { quantity, version, revision } = await products.byId({ id: results[0]!.id })
      return { outcome: results[0]!.outcome, quantity, version, revision }
    }
    expect(await upsert(mug)).toEqual({ outcome: 'created', quantity: 3, version: 1, revision: 1 })
    expect(await upsert({ ...mug, quantity: 9 })).toEqual({
      outcome: 'unchanged',
      quantity: 3,
      version: 1,
      revision: 1,
    })
    expect(await upsert({ ...mug, quantity: 9 }, false)).toMatchObject({ outcome: 'unchanged', quantity: 3 })
    expect(await upsert({ ...mug, quantity: 9 }, true)).toEqual({
      outcome: 'updated',
      quantity: 9,
      version: 1,
      revision: 2,
    })
    expect(await upsert({ ...mug, quantity: 0, name: 'Cup' }, true)).toEqual({
      outcome: 'updated',
      quantity: 0,
      version: 2,
      revision: 3,
    })
    expect(await books(test)).toEqual([{ sku: mug.sku, quantity: 0, moved: 0, ordered: 0 }])
  })

  test('that name a SKU twice in one call take the rows one after the other', async () => {
    await using test = await testShop()
    const { products } = test.caller
    const mug = aProduct({ name: 'Mug', quantity: 3 })
    const rows = [
      mug,
      { ...mug, name: 'Cup', quantity: 5 },
      { ...mug, name: 'Cup', quantity: 5 },
      { ...mug, quantity: 8 },
    ]
    const { results } = await products.upsertMany({ rows, setQuantity: true })
    expect(results.map(({ outcome }) => outcome)).toEqual(['created', 'updated', 'unchanged', 'updated'])
    expect(new Set(results.map(({ id }) => id)).size).toBe(1)
    expect(await products.byId({ id: results[0]!.id })).toMatchObject({
      name: 'Mug',
      quantity: 8,
      version: 3,
      revision: 3,
    })
    expect(await books(test)).toEqual([{ sku: mug.sku, quantity: 8, moved: 8, ordered: 0 }])
  })

  test('are 1,000 in a call, in the order of the rows', async () => {
    await using test = await testShop()
    const rows = Array.from({ length: 1000 }, () => aProduct())
    const { results } = await test.caller.products.upsertMany({ rows })
    expect(results.map(({ sku, outcome }) => [sku, outcome])).toEqual(rows.map(({ sku }) => [sku, 'created']))
    expect((await test.caller.products.list()).items.map(({ sku }) => sku)).toEqual(rows.map(({ sku }) => sku))
    expect(await wrongBooks(test)).toEqual([])
    expect(await refusal(test.caller.products.upsertMany({ rows: [...rows, aProduct()] }))).toMatchObject({
      code: 'VALIDATION',
      details: { issues: [{ loc: ['rows'] }] },
    })
  })

  test('are all refused if one row is wrong, and its place is told', async () => {
    await using test = await testShop()
    const rows = [aProduct(), aProduct({ quantity: -1 })]
    expect(await refusal(test.caller.products.upsertMany({ rows }))).toMatchObject({
      code: 'VALIDATION',
      details: { issues: [{ loc: ['rows', 1, 'quantity'] }] },
    })
    expect((await test.caller.products.list()).items).toEqual([])
  })
})
