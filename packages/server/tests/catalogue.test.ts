import type { Db } from 'mongodb'
import { MongoClient, ObjectId } from 'mongodb'
import { describe, expect, test } from 'vitest'
import type { ProductDocument } from '../src/collections/products.ts'
import type { ProductChange } from '../src/domain/product-memory.ts'
import { openCatalogue } from '../src/domain/catalogue.ts'
import { aProduct, testShop } from './_shop.ts'
import { tamper } from './_tamper.ts'

/** The database, whose answers to `find` can be held back on their way. */
function withHeldAnswers(actual: Db) {
  let [reached, shown] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  shown.resolve()
  const collection = (name: string) => {
    const products = actual.collection(name)
    const find = (filter: object, options: object) => {
      const cursor = products.find(filter, options)
      const toArray = cursor.toArray.bind(cursor)
      cursor.toArray = async () => {
        const found = await toArray()
        reached.resolve()
        await shown.promise
        return found
      }
      return cursor
    }
    return Object.assign(Object.create(products), { find })
  }
  return {
    db: Object.assign(Object.create(actual), { collection }) as Db,
    /** From now on they wait. Resolves when one does. */
    hold(): Promise<void> {
      reached = Promise.withResolvers()
      shown = Promise.withResolvers()
      return reached.promise
    },
    show: () => shown.resolve(),
  }
}

describe('the catalogue', () => {
  test('shows each acknowledged write of its process at once, in lists and by id', async () => {
    await using test = await testShop()
    const { products, orders } = test.caller
    await products.list()
    const shown = async (id: string) => {
      const { items } = await products.list()
      const product = await products.byId({ id })
      expect(items.find((item) => item.id === id)).toEqual(product)
      return product
    }
    const row = aProduct({ quantity: 5 })
    const mug = await products.create(row)
    expect(await shown(mug.id)).toEqual(mug)
    await orders.create({ userId: 'ada', productId: mug.id, quantity: 2 })
    expect(await shown(mug.id)).toMatchObject({ quantity: 3, revision: 2 })
    expect(await shown(mug.id)).toEqual(await products.setQuantity({ id: mug.id, quantity: 3 }))
    expect(await products.setQuantity({ id: mug.id, quantity: 9 })).toEqual(await shown(mug.id))
    await products.upsertMany({ rows: [{ ...row, name: 'Cup' }] })
    expect(await shown(mug.id)).toMatchObject({ name: 'Cup', quantity: 9, version: 2, revision: 4 })
  })

  test('is not changed by what was refused', async () => {
    await using test = await testShop()
    const mug = await test.caller.products.create(aProduct({ quantity: 1 }))
    await test.caller.orders.create({ userId: 'ada', productId: mug.id, quantity: 2 }).catch(() => {})
    expect((await test.caller.products.list()).items).toEqual([mug])
  })

  test('never goes back behind what was acknowledged, while it is read anew and written all the time', async () => {
    await using test = await testShop()
    const { products, orders } = test.caller
    const { id } = await products.create(aProduct({ quantity: 1_000_000 }))
    let acknowledged = 1
    let reads = 0
    const end = Date.now() + 2000
    const writer = async () => {
      while (Date.now() < end) {
        await orders.create({ userId: 'ada', productId: id, quantity: 1 })
        acknowledged++
      }
    }
    const reader = async () => {
      while (Date.now() < end) {
        const known = acknowledged
        const [one, { items }] = await Promise.all([products.byId({ id }), products.list()])
        reads++
        expect(Math.min(one.revision, items[0]!.revision)).toBeGreaterThanOrEqual(known)
        // Lets the writers have their turn.
        await new Promise(setImmediate)
      }
    }
    await Promise.all([writer(), writer(), reader()])
    expect((await products.byId({ id })).quantity).toBe(1_000_001 - acknowledged)
    expect(reads).toBeGreaterThan(50)
  })

  test('shows what another process wrote within a second', async () => {
    await using here = await testShop()
    const mug = await here.caller.products.create(aProduct({ quantity: 5 }))
    await here.caller.products.list()
    await using there = await testShop({ database: here.database })
    const changed = await there.caller.products.setQuantity({ id: mug.id, quantity: 1 })
    const bowl = await there.caller.products.create(aProduct())
    const listed = async () => (await here.caller.products.list()).items
    await expect.poll(listed, { interval: 20, timeout: 1000 }).toEqual([changed, bowl])
    expect(await here.caller.products.byId({ id: mug.id })).toEqual(changed)
  })

  test('follows what another process took when this one orders next', async () => {
    await using here = await testShop()
    await using there = await testShop({ database: here.database })
    const { id } = await here.caller.products.create(aProduct({ quantity: 5 }))
    await there.caller.orders.create({ userId: 'bo', productId: id, quantity: 2 })
    await here.caller.orders.create({ userId: 'ada', productId: id, quantity: 1 })
    expect(await here.caller.products.byId({ id })).toMatchObject({ quantity: 2, revision: 3 })
  })

  test('is 1,000 products long on its first page, and shows all others behind it', async () => {
    await using test = await testShop()
    const { products } = test.caller
    const rows = Array.from({ length: 1000 }, () => aProduct())
    const first = await products.upsertMany({ rows })
    expect(await products.list()).toMatchObject({ nextCursor: null })
    const second = await products.upsertMany({ rows: Array.from({ length: 3 }, () => aProduct()) })

    const page = await products.list()
    expect(page.items.map(({ id }) => id)).toEqual(first.results.map(({ id }) => id))
    const next = await products.list({ cursor: page.nextCursor! })
    expect(next.items.map(({ id }) => id)).toEqual(second.results.map(({ id }) => id))
    expect(next.nextCursor).toBeNull()

    // Behind the kept page too, a write is seen at once.
    const { id } = second.results[2]!
    const changed = await products.setQuantity({ id, quantity: 1 })
    expect(await products.byId({ id })).toEqual(changed)
    expect((await products.list({ limit: 1 })).items.map((item) => item.id)).toEqual([first.results[0]!.id])
  })

  test('keeps a write that was made while it was being read, which may not have seen it', async () => {
    await using test = await testShop()
    const { id } = await test.caller.products.create(aProduct({ quantity: 5 }))
    await using client = new MongoClient(test.uri)
    const answers = withHeldAnswers(client.db(test.database))
    const held = answers.hold()
    await using catalogue = openCatalogue(answers.db)
    const listed = catalogue.first(10)
    await held
    await test.caller.products.setQuantity({ id, quantity: 7 })
    const changed = await client.db(test.database).collection<ProductDocument>('products').find().toArray()
    catalogue.apply(changed)
    answers.show()
    expect(await listed).toEqual(changed)
    expect(await catalogue.first(10)).toEqual(changed)
  })

  test('comes to see a write that another process made while it was being read', async () => {
    await using test = await testShop()
    const { id } = await test.caller.products.create(aProduct({ quantity: 5 }))
    await using client = new MongoClient(test.uri)
    const answers = withHeldAnswers(client.db(test.database))
    const held = answers.hold()
    await using catalogue = openCatalogue(answers.db)
    await held
    await test.caller.products.setQuantity({ id, quantity: 7 })
    answers.show()
    await expect.poll(() => catalogue.first(10)).toMatchObject([{ quantity: 7 }])
  })

  test('gives a write to whoever asks after it, also while the product is still being read from before', async () => {
    await using test = await testShop()
    const ids: string[] = []
    for (const count of [1000, 2]) {
      const rows = Array.from({ length: count }, () => aProduct({ quantity: 5 }))
      ids.push(...(await test.caller.products.upsertMany({ rows })).results.map(({ id }) => id))
    }
    const id = new ObjectId(ids[1001])
    await using client = new MongoClient(test.uri)
    const answers = withHeldAnswers(client.db(test.database))
    await using catalogue = openCatalogue(answers.db)
    await expect.poll(() => catalogue.stamp()).toBeDefined()
    const held = answers.hold()
    const before = catalogue.byId(id)
    await held
    await test.caller.products.setQuantity({ id: ids[1001]!, quantity: 7 })
    catalogue.apply(await client.db(test.database).collection<ProductDocument>('products').find({ _id: id }).toArray())
    const after = catalogue.byId(id)
    answers.show()
    expect(await before).toMatchObject({ quantity: 5 })
    expect(await after).toMatchObject({ quantity: 7 })
    expect(await catalogue.byId(id)).toMatchObject({ quantity: 7 })
  })

  test('tells who watches what this and other processes wrote, and each time raises its stamp', async () => {
    await using test = await testShop()
    await using client = new MongoClient(test.uri)
    await using catalogue = openCatalogue(client.db(test.database))
    await expect.poll(() => catalogue.stamp()).toBeDefined()
    const stamp = catalogue.stamp()!
    const changes: ProductChange[] = []
    const end = catalogue.watch((change) => changes.push(change))
    const mug = await test.caller.products.create(aProduct())
    await test.caller.products.setQuantity({ id: mug.id, quantity: 7 })
    const quantities = () => changes.map(({ id, product }) => [id, product?.quantity])
    await expect.poll(quantities).toEqual([
      [mug.id, 100],
      [mug.id, 7],
    ])
    expect(catalogue.stamp()).toBe(stamp + 2)
    end()
    await test.caller.products.setQuantity({ id: mug.id, quantity: 8 })
    await expect.poll(() => catalogue.stamp()).toBe(stamp + 3)
    expect(changes).toHaveLength(2)
  })

  test('does not keep the stamp of an answer that memory does not hold', async () => {
    await using test = await testShop()
    const { products } = test.caller
    await products.upsertMany({ rows: Array.from({ length: 1000 }, () => aProduct()) })
    const { results } = await products.upsertMany({ rows: [aProduct(), aProduct()] })
    const id = new ObjectId(results[1]!.id)
    await using client = new MongoClient(test.uri)
    const db = client.db(test.database)
    const answers = withHeldAnswers(db)
    await using catalogue = openCatalogue(answers.db)
    await expect.poll(() => catalogue.stamp()).toBeDefined()
    const held = answers.hold()
    const stamp = catalogue.stamp()
    const asked = catalogue.byId(id)
    await held
    // Acknowledged while a read that has not seen it is on its way.
    await products.setQuantity({ id: results[1]!.id, quantity: 7 })
    catalogue.apply(await db.collection<ProductDocument>('products').find({ _id: id }).toArray())
    answers.show()
    await asked
    expect(catalogue.stamp()).not.toBe(stamp)
    expect(await catalogue.byId(id)).toMatchObject({ quantity: 7 })
  })

  test('answers from memory for the first thousand, and for as many others as were asked for last and fit', async () => {
    await using test = await testShop()
    const counts = [1000, 31]
    const ids: string[] = []
    for (const count of counts) {
      const rows = Array.from({ length: count }, () => aProduct())
      ids.push(...(await test.caller.products.upsertMany({ rows })).results.map(({ id }) => id))
    }
    await using client = new MongoClient(test.uri, { monitorCommands: true })
    let reads = 0
    client.on('commandStarted', ({ commandName }) => (reads += commandName === 'find' ? 1 : 0))
    // One of these products takes about 1,200 bytes.
    await using catalogue = openCatalogue(client.db(test.database), { bytes: 12_500 })
    const readsOf = async (asked: readonly string[]) => {
      const before = reads
      for (const id of asked) expect((await catalogue.byId(new ObjectId(id)))?._id.toHexString()).toBe(id)
      return reads - before
    }
    await expect.poll(() => catalogue.stamp()).toBeDefined()
    reads = 0
    expect((await catalogue.first(1000)).length).toBe(1001)
    expect(await readsOf(ids.slice(0, 1001))).toBe(0)

    const stampThen = catalogue.stamp()
    const [others, last] = [ids.slice(1001), ids.slice(-8)]
    expect(await readsOf(others.slice(0, 8))).toBe(8)
    expect(catalogue.stamp()).toBe(stampThen)
    expect(await readsOf(others.slice(8))).toBe(22)
    expect(await readsOf(last)).toBe(0)
    const stamp = catalogue.stamp()!
    expect(await readsOf([others[0]!])).toBe(1)
    // Another had to go for it, whose changes are not noticed any more.
    expect(catalogue.stamp()).toBeGreaterThan(stamp)

    await test.caller.products.setQuantity({ id: last[7]!, quantity: 1 })
    const quantity = async () => (await catalogue.byId(new ObjectId(last[7])))?.quantity
    await expect.poll(quantity).toBe(1)
    expect(await readsOf(last.slice(1))).toBe(0)
  })

  test('tells who watches of products that are not in memory too', async () => {
    await using test = await testShop()
    const ids: string[] = []
    for (const count of [1000, 3]) {
      const rows = Array.from({ length: count }, () => aProduct())
      ids.push(...(await test.caller.products.upsertMany({ rows })).results.map(({ id }) => id))
    }
    await using client = new MongoClient(test.uri)
    await using catalogue = openCatalogue(client.db(test.database))
    await expect.poll(() => catalogue.stamp()).toBeDefined()
    const quantities = new Map<string, number | undefined>()
    catalogue.watch(({ id, product }) => quantities.set(id, product?.quantity))
    await test.caller.orders.create({ userId: 'ada', productId: ids[1001]!, quantity: 1 })
    await expect.poll(() => quantities).toEqual(new Map([[ids[1001], 99]]))
    await tamper(test, (db) => db.collection('products').deleteOne({ _id: new ObjectId(ids[1001]) }))
    const bowl = await test.caller.products.create(aProduct({ quantity: 7 }))
    await expect
      .poll(() => quantities)
      .toEqual(
        new Map([
          [ids[1001], undefined],
          [bowl.id, 7],
        ]),
      )
  })

  test('gives the same object for as long as a product is the same, and none that can be changed', async () => {
    await using test = await testShop()
    const { products } = test.shop
    const mug = await products.create(aProduct())
    const cup = await products.create(aProduct())
    await expect.poll(() => products.stamp()).toBeDefined()
    const shown = async () => (await products.list({})).items
    const [first] = await shown()
    const stamp = products.stamp()!
    const changed = await products.setQuantity({ id: cup.id, quantity: 1 })
    expect(products.stamp()).toBe(stamp + 1)
    expect((await shown())[0]).toBe(first)
    expect((await shown())[1]).toBe(changed)
    expect(await products.byId({ id: mug.id })).toBe(first)
    expect(() => Object.assign(first!, { quantity: 7 })).toThrow(TypeError)
    expect(() => Object.assign(first!.price, { amount: 7 })).toThrow(TypeError)

    // The stream tells of one more, and all is built anew.
    await tamper(test, (db) => db.collection('products').updateOne({ sku: mug.sku }, { $set: { name: 'Cup' } }))
    await expect.poll(async () => (await shown())[0]?.name).toBe('Cup')
    expect((await shown())[1]).toBe(changed)
    expect(products.stamp()).toBeGreaterThan(stamp + 1)
  })

  test('reads the database once for reads that come together', async () => {
    await using test = await testShop()
    await test.caller.products.create(aProduct())
    await using client = new MongoClient(test.uri)
    const finds = async () => {
      const { metrics } = await client.db('admin').command({ serverStatus: 1 })
      return Number(metrics.commands.find.total)
    }
    await test.caller.products.list()
    const before = await finds()
    await Promise.all(Array.from({ length: 500 }, () => test.caller.products.list()))
    expect((await finds()) - before).toBeLessThan(50)
  })
})
