import { randomBytes } from 'node:crypto'
import type { UpdateFilter } from 'mongodb'
import { MongoClient, ObjectId, Timestamp } from 'mongodb'
import { describe, expect, inject, test } from 'vitest'
import type { ProductDocument } from '../src/collections/products.ts'
import { openCatalogue } from '../src/domain/catalogue.ts'
import { openOwnWrites } from '../src/domain/own-writes.ts'
import { raised } from './_raised.ts'
import { aProduct, testShop } from './_shop.ts'
import { toldBy } from './_streams.ts'

const sale: UpdateFilter<ProductDocument> = { ...raised, $inc: { ...raised.$inc, quantity: -1 } }

const STOCK = 10_000

interface Options {
  readonly products?: number
  readonly aloneAfterMs?: number
  /** What the session has heard of the database's clock, if that is not to be the truth. */
  readonly clock?: Timestamp
}

/** The catalogue of a process that sells by one session, as its desk does. Its stream lives. */
async function aProcess({ products: count = 1, aloneAfterMs, clock }: Options = {}) {
  const database = `own-writes-${randomBytes(6).toString('hex')}`
  const ids: ObjectId[] = []
  {
    await using filler = await testShop({ database })
    for (let left = count; left > 0; left -= 1000) {
      const rows = Array.from({ length: Math.min(left, 1000) }, () => aProduct({ quantity: STOCK }))
      const { results } = await filler.caller.products.upsertMany({ rows })
      ids.push(...results.map(({ id }) => new ObjectId(id)))
    }
  }
  const client = new MongoClient(inject('mongoUri'), { monitorCommands: true })
  const db = client.db(database)
  const products = db.collection<ProductDocument>('products')
  const session = client.startSession({ causalConsistency: false })
  const told = clock ? { id: session.id, clusterTime: { clusterTime: clock } } : session
  const own = openOwnWrites(told, aloneAfterMs)
  if (clock) own.acknowledged()
  const catalogue = openCatalogue(db, { own })
  await expect.poll(() => catalogue.stamp()).toBeDefined()
  return {
    ids,
    client,
    db,
    products,
    own,
    catalogue,
    /** Commits the sale of a unit. The catalogue learns of it from `acknowledge`, or from the stream. */
    sell: (_id: ObjectId): Promise<ProductDocument> =>
      session.withTransaction(async () => {
        const sold = await products.findOneAndUpdate({ _id }, sale, { session, returnDocument: 'after' })
        return sold!
      }),
    acknowledge(product: ProductDocument) {
      own.acknowledged()
      catalogue.apply([product])
    },
    quantity: async (_id: ObjectId) => (await catalogue.byId(_id))?.quantity,
    /** The stream has come past all that was committed so far: it was asked after that, and has answered. */
    async passed() {
      for (const event of ['commandStarted', 'commandSucceeded'] as const) {
        const { promise, resolve } = Promise.withResolvers<void>()
        const heed = ({ commandName }: { commandName: string }) => void (commandName === 'getMore' && resolve())
        client.on(event, heed)
        await promise
        client.off(event, heed)
      }
    },
    async [Symbol.asyncDispose]() {
      await catalogue[Symbol.asyncDispose]()
      await db.dropDatabase()
      await client.close()
    },
  }
}

describe('the stream leaves out what the own session writes', () => {
  test('as long as nobody else writes, and again some time after that', async () => {
    await using shop = await aProcess({ aloneAfterMs: 1500 })
    const { db, products, catalogue, ids } = shop
    const [mug] = ids
    await expect.poll(() => toldBy(db), { timeout: 5000 }).toBe('others')
    await products.updateOne({ _id: mug! }, { $set: { name: 'Cup' } })
    await expect.poll(() => catalogue.first(1)).toMatchObject([{ name: 'Cup' }])
    await expect.poll(() => toldBy(db)).toBe('all')
    shop.acknowledge(await shop.sell(mug!))
    await expect.poll(() => toldBy(db), { timeout: 5000 }).toBe('others')
    await products.updateOne({ _id: mug! }, { $set: { name: 'Bowl' } })
    await expect.poll(() => catalogue.first(1)).toMatchObject([{ name: 'Bowl', quantity: STOCK - 1 }])
  })

  test('but not where a new primary may lag behind what it has acknowledged', async () => {
    const ahead = new Timestamp({ t: 2 ** 32 - 1, i: 1 })
    await using shop = await aProcess({ clock: ahead })
    await expect.poll(() => toldBy(shop.db)).toBe('all')
    expect(await shop.sell(shop.ids[0]!)).toMatchObject({ quantity: STOCK - 1 })
    await expect.poll(() => shop.quantity(shop.ids[0]!)).toBe(STOCK - 1)
  })

  test.for([true, false])('until a commit is lost; after one that was acknowledged: %s', async (isSecond) => {
    await using shop = await aProcess({ aloneAfterMs: 200 })
    const [mug] = shop.ids
    await expect.poll(() => toldBy(shop.db)).toBe('others')
    if (isSecond) shop.acknowledge(await shop.sell(mug!))
    const known = await shop.quantity(mug!)
    await shop.sell(mug!)
    await shop.passed()
    expect(await shop.quantity(mug!)).toBe(known)
    shop.own.lost()
    await expect.poll(() => shop.quantity(mug!)).toBe(known! - 1)
    // It may still take effect, until the next is acknowledged.
    await shop.passed()
    await shop.passed()
    await expect.poll(() => toldBy(shop.db)).toBe('all')
    shop.acknowledge(await shop.sell(mug!))
    await expect.poll(() => toldBy(shop.db), { timeout: 5000 }).toBe('others')
  })

  test('and no product goes back or is left behind, however those of others come in between', async () => {
    await using shop = await aProcess({ products: 3, aloneAfterMs: 20 })
    const { catalogue, products, ids } = shop
    const shown = ids.map(() => 0)
    const look = async () => {
      const found = await Promise.all(ids.map((id) => catalogue.byId(id)))
      for (const [index, product] of found.entries()) {
        expect(product!.revision).toBeGreaterThanOrEqual(shown[index]!)
        shown[index] = product!.revision
      }
    }
    const edited = new AbortController()
    const seller = async () => {
      for (let turn = 0; !edited.signal.aborted; turn = (turn + 1) % ids.length) {
        const product = await shop.sell(ids[turn]!)
        shop.acknowledge(product)
        await look()
        expect(shown[turn]).toBeGreaterThanOrEqual(product.revision)
      }
    }
    const others = async () => {
      for (let edits = 0; edits < 60; edits++) {
        const _id = ids[edits % ids.length]!
        // By hand, without a new revision, and as another process does it.
        await products.updateOne({ _id }, { $set: { name: `Name ${edits}` } })
        await products.updateOne({ _id }, sale)
        await expect.poll(async () => (await catalogue.byId(_id))?.name, { interval: 5 }).toBe(`Name ${edits}`)
        if (edits % 3 === 0) await expect.poll(() => toldBy(shop.db), { timeout: 5000 }).toBe('others')
      }
      edited.abort()
    }
    await Promise.all([seller(), others()])
    const stored = await products.find().sort({ _id: 1 }).toArray()
    await expect.poll(() => catalogue.first(10)).toEqual(stored)
  })

  test('and a product that a lagging primary has told is read again', async () => {
    const ahead = new Timestamp({ t: 2 ** 32 - 1, i: 1 })
    await using shop = await aProcess({ products: 1002, clock: ahead })
    let reads = 0
    shop.client.on('commandStarted', ({ commandName }) => (reads += commandName === 'find' ? 1 : 0))
    for (let asked = 1; asked <= 2; asked++) {
      expect(await shop.quantity(shop.ids[1001]!)).toBe(STOCK)
      expect(reads).toBe(asked)
    }
  })

  test('and what others do to one product costs none of those in memory', async () => {
    await using shop = await aProcess({ products: 1003, aloneAfterMs: 1500 })
    const { ids, products } = shop
    const [mug, cup] = ids.slice(-2)
    const read: string[] = []
    shop.client.on('commandStarted', ({ command }) => {
      for (const id of command['filter']?._id?.$in ?? []) read.push(String(id))
    })
    await expect.poll(() => toldBy(shop.db), { timeout: 5000 }).toBe('others')
    expect([await shop.quantity(mug!), await shop.quantity(cup!)]).toEqual([STOCK, STOCK])
    shop.acknowledge(await shop.sell(cup!))
    expect(read).toEqual([String(mug), String(cup)])
    await products.updateOne({ _id: ids[0]! }, { $set: { name: 'Bowl' } })
    await expect.poll(() => toldBy(shop.db)).toBe('all')
    await expect.poll(() => toldBy(shop.db), { timeout: 5000 }).toBe('others')
    expect([await shop.quantity(mug!), await shop.quantity(cup!)]).toEqual([STOCK, STOCK - 1])
    // Where it stands among the changes of others was not known.
    expect(read).toEqual([String(mug), String(cup), String(cup)])
    await products.updateOne({ _id: mug! }, sale)
    await expect.poll(() => shop.quantity(mug!)).toBe(STOCK - 1)
  })
})
