import { startMongo } from '@stockroom/local-mongo'
import type { Db, Document } from 'mongodb'
import { MongoClient, ObjectId } from 'mongodb'
import { describe, expect, test } from 'vitest'
import type { ProductDocument } from '../src/collections/products.ts'
import { openCatalogue } from '../src/domain/catalogue.ts'
import { failingMongo } from './_failing.ts'
import { letFollow, membersOf } from './_members.ts'
import { raised } from './_raised.ts'
import { aProduct, testShop as openTestShop } from './_shop.ts'
import { streamsOf } from './_streams.ts'

const mongo = failingMongo()

/** A shop whose stream lives, with a product in it, and its collection as somebody at a shell of MongoDB has it. */
async function shopWithMug(uri = mongo.uri) {
  const test = await openTestShop({ uri })
  const mug = await test.caller.products.create(aProduct({ quantity: 5 }))
  const shown = async () => (await test.caller.products.list()).items
  const stamp = () => test.shop.products.stamp()
  await expect.poll(stamp).toBeDefined()
  return {
    ...test,
    mug,
    shown,
    stamp,
    id: new ObjectId(mug.id),
    collection: collectionOf(mongo.client.db(test.database)),
  }
}

const collectionOf = (db: Db) => db.collection<ProductDocument>('products')

/** Makes the commands of one shop's client fail as `data` says while `work` runs. */
async function whileFailing(data: Document, work: () => Promise<void>): Promise<void> {
  const admin = mongo.client.db('admin')
  await admin.command({ configureFailPoint: 'failCommand', mode: 'alwaysOn', data })
  try {
    await work()
  } finally {
    await admin.command({ configureFailPoint: 'failCommand', mode: 'off' })
  }
}

describe('the catalogue shows what somebody writes past the shop,', () => {
  test('though the revision stays what it was', async () => {
    await using test = await shopWithMug()
    const { id, collection, mug, shown } = test
    await collection.updateOne({ _id: id }, { $set: { name: 'Cup', 'price.amount': 7 } })
    await expect.poll(shown).toEqual([{ ...mug, name: 'Cup', price: { amount: 7, currency: 'EUR' } }])
    await collection.updateOne({ _id: id }, { $set: { category: 'Kitchen' } })
    await expect.poll(async () => (await shown())[0]?.category).toBe('Kitchen')
    await collection.updateOne({ _id: id }, { $unset: { category: 1 } })
    await expect.poll(async () => (await shown())[0]).not.toHaveProperty('category')
    await test.caller.products.setQuantity({ id: mug.id, quantity: 3 })
    expect(await shown()).toMatchObject([{ name: 'Cup', quantity: 3, revision: 2 }])
  })

  test('be it a whole product of an earlier revision', async () => {
    await using test = await shopWithMug()
    const { id, collection, mug, shown } = test
    const backup = (await collection.findOne({ _id: id }))!
    await test.caller.products.setQuantity({ id: mug.id, quantity: 3 })
    await test.caller.products.setQuantity({ id: mug.id, quantity: 4 })
    await collection.replaceOne({ _id: id }, backup)
    await expect.poll(shown).toEqual([mug])
    const sold = await test.caller.products.setQuantity({ id: mug.id, quantity: 2 })
    expect(await shown()).toEqual([sold])
  })

  test('be it the end of a product, or its return', async () => {
    await using test = await shopWithMug()
    const { id, collection, mug, shown } = test
    const backup = (await collection.findOne({ _id: id }))!
    await collection.deleteOne({ _id: id })
    await expect.poll(shown).toEqual([])
    await collection.insertOne(backup)
    await expect.poll(shown).toEqual([mug])
  })

  test('and another moves up where one of the first thousand is gone', async () => {
    await using test = await openTestShop({ uri: mongo.uri })
    const { products } = test.caller
    const results = []
    for (const count of [1000, 2]) {
      const rows = Array.from({ length: count }, () => aProduct())
      results.push(...(await products.upsertMany({ rows })).results)
    }
    const page = async () => (await products.list()).items.map(({ id }) => id)
    const ids = results.map(({ id }) => id)
    expect(await page()).toEqual(ids.slice(0, 1000))
    await collectionOf(mongo.client.db(test.database)).deleteOne({ _id: new ObjectId(ids[3]) })
    await expect.poll(page).toEqual(ids.filter((_, index) => index !== 3).slice(0, 1000))
    expect((await products.list()).nextCursor).not.toBeNull()
  })

  test('but none of what they store beside it', async () => {
    await using test = await shopWithMug()
    const { id, collection, mug, shown } = test
    await collection.updateOne({ _id: id }, { $set: { name: 'Cup', supplier: { secret: 'margin' } } })
    await expect.poll(shown).toEqual([{ ...mug, name: 'Cup' }])
  })
})

test('a transaction that is taken back is never shown', async () => {
  await using test = await shopWithMug()
  const { id, collection, mug, shown, stamp } = test
  const before = stamp()
  await using session = mongo.client.startSession()
  session.startTransaction()
  await collection.updateOne({ _id: id }, { $set: { quantity: 1 }, ...raised }, { session })
  expect(await shown()).toEqual([mug])
  await session.abortTransaction()
  // The stream has come past it.
  const other = await test.caller.products.create(aProduct())
  await expect.poll(async () => (await shown()).length).toBe(2)
  expect(await shown()).toEqual([mug, other])
  expect(stamp()).toBe(before! + 1)
})

describe('while the stream of changes is down, reads go to the database, and it recovers,', () => {
  test.for<[string, Document]>([
    ['the database refuses it', { errorCode: 13 }],
    ['it loses its connection', { closeConnection: true }],
    ['it gets no answer', { blockConnection: true, blockTimeMS: 3000 }],
    ['the changes since are lost', { errorCode: 286 }],
  ])('when %s', async ([, failure]) => {
    const appName = `shop-${new ObjectId().toHexString()}`
    await using test = await shopWithMug(`${mongo.uri}&appName=${appName}`)
    const { id, collection, mug, shown, stamp } = test
    const missed: unknown[] = []
    await whileFailing({ failCommands: ['getMore', 'aggregate'], appName, ...failure }, async () => {
      await expect.poll(stamp, { timeout: 5000 }).toBeUndefined()
      await collection.updateOne({ _id: id }, { $set: { quantity: 6 }, ...raised })
      missed.push(await shown(), await test.caller.products.byId({ id: mug.id }))
      const mine = await test.caller.products.setQuantity({ id: mug.id, quantity: 7 })
      expect(await shown()).toEqual([mine])
      await collection.updateOne({ _id: id }, { $set: { quantity: 8 }, ...raised })
      expect(await shown()).toMatchObject([{ quantity: 8, revision: 4 }])
    })
    const expected = { ...mug, quantity: 6, revision: 2 }
    expect(missed).toEqual([[expected], expected])
    await expect.poll(stamp, { timeout: 10_000 }).toBeDefined()
    expect(await shown()).toMatchObject([{ quantity: 8, revision: 4 }])
    await collection.updateOne({ _id: id }, { $set: { quantity: 9 }, ...raised })
    await expect.poll(shown).toMatchObject([{ quantity: 9, revision: 5 }])
  })

  test('and begins again where it was, so that nobody who watches is told of anything twice', async () => {
    const appName = `shop-${new ObjectId().toHexString()}`
    await using test = await shopWithMug()
    await using own = new MongoClient(`${mongo.uri}&appName=${appName}`)
    await using catalogue = openCatalogue(own.db(test.database))
    await expect.poll(() => catalogue.stamp()).toBeDefined()
    const revisions: (number | undefined)[] = []
    catalogue.watch(({ product }) => revisions.push(product?.revision))
    const setQuantity = (quantity: number) => test.caller.products.setQuantity({ id: test.mug.id, quantity })
    await setQuantity(6)
    await setQuantity(7)
    await expect.poll(() => revisions).toEqual([2, 3])
    await whileFailing({ failCommands: ['getMore', 'aggregate'], appName, closeConnection: true }, async () => {
      await expect.poll(() => catalogue.stamp(), { timeout: 5000 }).toBeUndefined()
      await setQuantity(8)
      await setQuantity(9)
    })
    await expect.poll(() => revisions, { timeout: 5000 }).toEqual([2, 3, 4, 5])
  })

  test('when the database stands still', async () => {
    await using test = await shopWithMug()
    const [member] = mongo.members
    await member!.kill('SIGSTOP')
    await expect.poll(test.stamp, { timeout: 5000 }).toBeUndefined()
    await member!.kill('SIGCONT')
    await test.collection.updateOne({ _id: test.id }, { $set: { quantity: 6 } })
    await expect.poll(test.stamp, { timeout: 20_000 }).toBeDefined()
    await expect.poll(test.shown).toMatchObject([{ quantity: 6 }])
  })

  test('when the products are dropped and others put in their place', async () => {
    await using test = await shopWithMug()
    await test.collection.drop()
    await expect.poll(test.shown, { timeout: 5000 }).toEqual([])
    const cup = await test.caller.products.create(aProduct({ sku: 'CUP' }))
    await expect.poll(test.stamp, { timeout: 5000 }).toBeDefined()
    expect(await test.shown()).toEqual([cup])
    await test.collection.updateOne({ sku: 'CUP' }, { $set: { quantity: 1 } })
    await expect.poll(test.shown).toEqual([{ ...cup, quantity: 1 }])
  })
})

test('a closed shop leaves no stream behind', async () => {
  const test = await shopWithMug()
  const streams = () => streamsOf(mongo.client.db(test.database), 'products')
  await expect.poll(streams).not.toEqual([])
  await test[Symbol.asyncDispose]()
  await expect.poll(streams).toEqual([])
})

test('a write that a primary takes down with it is never shown', { timeout: 60_000 }, async () => {
  await using set = await startMongo({ members: 3, electionTimeoutMillis: 1000, enableTestCommands: true })
  await using test = await openTestShop({ uri: set.uri })
  const { products } = test.caller
  const stamp = () => test.shop.products.stamp()
  const { id } = await products.create(aProduct({ quantity: 5 }))
  await expect.poll(stamp).toBeDefined()
  await using client = new MongoClient(set.uri)
  const shown: (number | undefined)[] = []
  const look = async () => {
    const one = await products.byId({ id })
    const { items } = await products.list()
    // A process that begins now.
    await using fresh = openCatalogue(client.db(test.database))
    const [first] = await fresh.first(1)
    shown.push(one.quantity, items[0]?.quantity, first?.quantity)
    return one.quantity
  }

  // The others stop following, so that what is written now is on the primary alone.
  const [primary, others] = await membersOf(set)
  await letFollow(others, false)
  {
    await using direct = new MongoClient(`mongodb://127.0.0.1:${primary.port}`, { directConnection: true })
    const collection = collectionOf(direct.db(test.database))
    const edit = { $set: { quantity: 1 }, ...raised }
    await collection.updateOne({ _id: new ObjectId(id) }, edit, { writeConcern: { w: 1 } })
    expect(await collection.findOne()).toMatchObject({ quantity: 1 })
  }
  await look()
  await primary.kill('SIGKILL')
  await letFollow(others, true)

  // Of the same revision as what was lost.
  await expect.poll(() => products.setQuantity({ id, quantity: 8 }).catch(() => {}), { timeout: 20_000 }).toBeDefined()
  expect(await look()).toBe(8)
  await primary.start()
  await expect.poll(stamp, { timeout: 20_000 }).toBeDefined()
  expect(await look()).toBe(8)
  expect(new Set(shown)).toEqual(new Set([5, 8]))
})
