import { EventEmitter } from 'node:events'
import type { Product, ProductEvent } from '@stockroom/contracts'
import { MongoClient, ObjectId } from 'mongodb'
import { describe, expect, test } from 'vitest'
import type { ProductDocument } from '../src/collections/products.ts'
import type { ProductChange } from '../src/domain/product-memory.ts'
import { openProductNews } from '../src/domain/product-news.ts'
import { showProducts } from '../src/domain/shown-products.ts'
import { openWatches } from '../src/domain/watches.ts'
import { reader } from './_reader.ts'
import { aProduct, testShop } from './_shop.ts'

/** A shop with two products in it, and a second process on the same database. */
async function stocked() {
  await using stack = new AsyncDisposableStack()
  const here = stack.use(await testShop())
  const there = stack.use(await testShop({ database: here.database }))
  const client = stack.use(new MongoClient(here.uri))
  const mug = await here.caller.products.create(aProduct({ name: 'Mug', category: 'Kitchen' }))
  const lamp = await here.caller.products.create(aProduct({ name: 'Lamp', category: 'Light' }))
  const open = stack.move()
  const collection = client.db(here.database).collection('products')
  const erase = (id: string) => collection.deleteOne({ _id: new ObjectId(id) })
  const watch = async (input = {}) => reader(await here.shop.products.watch(input))
  return { here, there, mug, lamp, collection, erase, watch, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

const told = (event: ProductEvent | undefined) => [event?.product?.name, event?.product?.quantity]

describe('a watch of products', () => {
  test('begins with each as it is, and goes on with each change, whichever process makes it', async () => {
    await using shop = await stocked()
    const { mug, lamp } = shop
    const watch = await shop.watch()
    expect(await watch.next()).toEqual({ id: mug.id, product: mug })
    expect(await watch.next()).toEqual({ id: lamp.id, product: lamp })
    await shop.here.caller.orders.create({ userId: 'ada', productId: lamp.id, quantity: 1 })
    expect(told(await watch.next())).toEqual(['Lamp', 99])
    const changed = await shop.there.caller.products.setQuantity({ id: mug.id, quantity: 7 })
    expect(await watch.next()).toEqual({ id: mug.id, product: changed })
    const bowl = await shop.there.caller.products.create(aProduct({ name: 'Bowl' }))
    expect(await watch.next()).toEqual({ id: bowl.id, product: bowl })
    await watch.leave()
  })

  test('says what is gone, once', async () => {
    await using shop = await stocked()
    const { mug, lamp } = shop
    const watch = await shop.watch()
    await watch.next()
    await watch.next()
    await shop.erase(mug.id)
    expect(await watch.next()).toEqual({ id: mug.id, product: null })
    await shop.there.caller.products.setQuantity({ id: lamp.id, quantity: 7 })
    expect(told(await watch.next())).toEqual(['Lamp', 7])
    await watch.leave()
  })

  test('of ids shows those, however they are spelled, and says which there are not', async () => {
    await using shop = await stocked()
    const { mug, lamp } = shop
    const missing = 'f'.repeat(24)
    const watch = await shop.watch({ ids: [lamp.id.toUpperCase(), lamp.id, 'nope', missing] })
    expect(await watch.next()).toEqual({ id: lamp.id, product: lamp })
    expect(await watch.next()).toEqual({ id: 'nope', product: null })
    expect(await watch.next()).toEqual({ id: missing, product: null })
    await shop.there.caller.products.setQuantity({ id: mug.id, quantity: 7 })
    await shop.there.caller.products.setQuantity({ id: lamp.id, quantity: 8 })
    expect(told(await watch.next())).toEqual(['Lamp', 8])
    await watch.leave()
  })

  test('of a category follows what comes into it and what leaves it', async () => {
    await using shop = await stocked()
    const { mug, lamp } = shop
    const watch = await shop.watch({ category: 'Kitchen' })
    expect(await watch.next()).toEqual({ id: mug.id, product: mug })
    const upsert = ({ sku, name, price, quantity }: typeof mug, category: string) =>
      shop.there.caller.products.upsertMany({ rows: [{ sku, name, price, quantity, category }] })
    await upsert(lamp, 'Kitchen')
    expect(await watch.next()).toMatchObject({ id: lamp.id, product: { category: 'Kitchen', revision: 2 } })
    await upsert(mug, 'Light')
    expect(await watch.next()).toEqual({ id: mug.id, product: null })
    await upsert(mug, 'Garden')
    await upsert(mug, 'Kitchen')
    expect(await watch.next()).toMatchObject({ id: mug.id, product: { category: 'Kitchen', revision: 4 } })
    await watch.leave()
  })

  test('shows products behind the first thousand, too', async () => {
    await using shop = await stocked()
    const { products } = shop.there.caller
    await products.upsertMany({ rows: Array.from({ length: 1000 }, () => aProduct()) })
    const late = await products.create(aProduct({ name: 'Late', category: 'Late', quantity: 5 }))
    const watches = [await shop.watch({ ids: [late.id] }), await shop.watch({ category: 'Late' })]
    for (const watch of watches) expect(await watch.next()).toEqual({ id: late.id, product: late })
    // Until this process knows all of them, a later one may have a place among the first.
    const knowsAll = async () => {
      const { items } = await shop.here.caller.products.list()
      return items.length === 1000 && items.every(({ name }) => name !== 'Late')
    }
    await expect.poll(knowsAll, { timeout: 5000 }).toBe(true)
    const all = await shop.watch()
    for (let count = 0; count < 1000; count++) expect(told(await all.next())).not.toContain('Late')
    const changed = await products.setQuantity({ id: late.id, quantity: 1 })
    for (const watch of watches) expect(await watch.next()).toEqual({ id: late.id, product: changed })
    await shop.here.caller.products.setQuantity({ id: late.id, quantity: 2 })
    for (const watch of watches) expect(told(await watch.next())).toEqual(['Late', 2])
    await products.setQuantity({ id: shop.mug.id, quantity: 3 })
    expect(told(await all.next())).toEqual(['Mug', 3])
    await shop.erase(late.id)
    for (const watch of watches) expect(await watch.next()).toEqual({ id: late.id, product: null })
    await Promise.all([...watches, all].map((watch) => watch.leave()))
  })

  test('gives a reader that was away for a thousand changes the last of them, and no other', async () => {
    await using shop = await stocked()
    const { mug } = shop
    const watch = await shop.watch({ ids: [mug.id] })
    const other = await shop.watch({ ids: [mug.id] })
    for (const each of [watch, other]) expect(await each.next()).toEqual({ id: mug.id, product: mug })
    const { orders, products } = shop.here.caller
    await products.setQuantity({ id: mug.id, quantity: 1000 })
    for (let round = 0; round < 10; round++) {
      const buy = () => orders.create({ userId: 'ada', productId: mug.id, quantity: 1 })
      await Promise.all(Array.from({ length: 100 }, buy))
    }
    // What the other has read, this one was told of.
    for (let quantity: number | undefined; quantity !== 0;) quantity = (await other.next())?.product?.quantity
    expect(told(await watch.next())).toEqual(['Mug', 0])
    await products.setQuantity({ id: mug.id, quantity: 5 })
    expect(told(await watch.next())).toEqual(['Mug', 5])
    await Promise.all([watch.leave(), other.leave()])
  })

  test('never goes back, while two processes sell the same product', async () => {
    await using shop = await stocked()
    const { mug } = shop
    const watches = await Promise.all([
      shop.watch(),
      shop.watch({ ids: [mug.id] }),
      shop.watch({ category: 'Kitchen' }),
    ])
    const sell = async (caller: typeof shop.here.caller) => {
      for (let count = 0; count < 20; count++) {
        await caller.orders.create({ userId: 'ada', productId: mug.id, quantity: 1 })
      }
    }
    await Promise.all([
      sell(shop.here.caller),
      sell(shop.there.caller),
      ...watches.map(async (watch) => {
        for (let last = 0; last < 41;) {
          const { id, product } = (await watch.next())!
          if (id !== mug.id) continue
          expect(product!.revision).toBeGreaterThan(last)
          last = product!.revision
        }
        await watch.leave()
      }),
    ])
  })

  test('ends when its signal says so, and with the shop', async () => {
    await using shop = await stocked()
    const abort = new AbortController()
    const aborted = reader(await shop.here.shop.products.watch({}, abort.signal))
    const closed = reader(await shop.there.shop.products.watch({}))
    for (const watch of [aborted, closed]) {
      await watch.next()
      await watch.next()
    }
    const ends = [aborted, closed].map((watch) => watch.next().catch(({ name }: Error) => name))
    abort.abort()
    await shop.there.shop[Symbol.asyncDispose]()
    expect(await Promise.all(ends)).toEqual(['AbortError', 'AbortError'])
  })
})

const product = (fields: object) =>
  ({ ...aProduct(), id: 'a', revision: 1, category: 'Kitchen', ...fields }) as unknown as Product
const event = (fields: object): ProductEvent => ({ id: 'a', product: product(fields) })
const named = (id: string): ProductEvent => ({ id, product: product({ id }) })
const gone: ProductEvent = { id: 'a', product: null }

function showing() {
  const events: ProductEvent[] = []
  const shown = showProducts(
    ({ category }) => category === 'Kitchen',
    (told) => events.push(told),
  )
  return { ...shown, revisions: () => events.map((told) => told.product?.revision ?? null) }
}

describe('what a watch shows', () => {
  test('ends up no older than what changed while it was read', () => {
    const shown = showing()
    shown.change(event({ revision: 3 }))
    shown.begin([event({ revision: 2 })])
    shown.change(event({ revision: 2 }))
    shown.change(event({ revision: 4 }))
    expect(shown.revisions()).toEqual([2, 3, 4])
  })

  test('is the newest of what came while it was read, in whatever order it came', () => {
    const shown = showing()
    shown.change(event({ revision: 4 }))
    shown.change(event({ revision: 3 }))
    shown.begin([event({ revision: 2 })])
    expect(shown.revisions()).toEqual([2, 4])
  })

  test('is gone where it was deleted, or left the category, while it was read', () => {
    for (const left of [gone, event({ revision: 2, category: 'Light' })]) {
      const shown = showing()
      shown.change(left)
      shown.begin([event({ revision: 1 })])
      expect(shown.revisions()).toEqual([1, null])
    }
  })

  test('stays where it came back before it was read', () => {
    const shown = showing()
    shown.change(event({ revision: 2, category: 'Light' }))
    shown.begin([event({ revision: 3 })])
    expect(shown.revisions()).toEqual([3])
  })

  test('counts a difference that came without a new revision, and nothing twice', () => {
    const shown = showing()
    const first = event({ name: 'Mug' })
    shown.begin([first])
    shown.change({ id: 'a', product: { ...first.product! } })
    shown.change({ id: 'a', product: { ...first.product!, name: 'Cup' } })
    expect(shown.revisions()).toEqual([1, 1])
  })

  test('is at most a thousand products', () => {
    const shown = showing()
    const ids = Array.from({ length: 1000 }, (_, index) => `${index}`)
    shown.change(named('early'))
    shown.begin(ids.map(named))
    shown.change(named('another'))
    expect(shown.revisions()).toHaveLength(1000)
    shown.change({ id: '7', product: null })
    shown.change(named('another'))
    expect(shown.revisions().slice(1000)).toEqual([null, 1])
  })
})

async function* endless() {
  for (;;) yield 'x'
}

test('a process serves so many watches and no more', async () => {
  using watches = openWatches(2)
  const two = [watches.open(endless), watches.open(endless)].map(reader)
  await Promise.all(two.map((watch) => watch.next()))
  expect(() => watches.open(endless)).toThrow(expect.objectContaining({ code: 'BUSY' }))
  await two[0]!.leave()
  expect(await reader(watches.open(endless)).next()).toBe('x')
})

test('news are the newest of what came between two rounds, in whatever order it came', async () => {
  const changes = new EventEmitter<{ change: [ProductChange] }>()
  const news = openProductNews({
    watch(listener) {
      changes.on('change', listener)
      return () => void changes.off('change', listener)
    },
  })
  const told = Promise.withResolvers<ProductEvent>()
  const leave = news.watch(undefined, told.resolve)
  const { id, ...fields } = product({})
  for (const revision of [12, 11]) {
    const document: ProductDocument = { ...fields, _id: new ObjectId(), revision }
    changes.emit('change', { id, product: document })
  }
  expect((await told.promise).product?.revision).toBe(12)
  leave()
})
