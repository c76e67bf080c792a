import { setTimeout as sleep } from 'node:timers/promises'
import type { LocalMongo } from '@stockroom/local-mongo'
import { startMongo } from '@stockroom/local-mongo'
import { repairShop } from '@stockroom/server'
import type { Document } from 'mongodb'
import { MongoClient, MongoServerError, ObjectId } from 'mongodb'
import { describe, expect, test } from 'vitest'
import { collectionsOf } from '../src/collections/collections.ts'
import type { Command } from '../src/domain/commands.ts'
import { commitBatch } from '../src/domain/commit.ts'
import { openDesk } from '../src/domain/desk.ts'
import { KnownStock } from '../src/domain/known-stock.ts'
import { books, refusal, tally, wrongBooks } from './_books.ts'
import { failingMongo, whileFailing as whileAnyFails } from './_failing.ts'
import { aProduct, testShop as openTestShop } from './_shop.ts'
import { toldBy } from './_streams.ts'
import { tamper } from './_tamper.ts'

// Longer than the longest commit here: otherwise the server would end the transaction that waits.
const mongo = failingMongo({ transactionLifetimeLimitSeconds: 30 })

const testShop = () => openTestShop({ uri: mongo.uri })
const times = <Result>(count: number, call: (index: number) => Result) =>
  Array.from({ length: count }, (_, n) => call(n))

const whileFailing = <T>(data: Document, mode: Document | 'alwaysOn', work: () => Promise<T>) =>
  whileAnyFails(mongo.client, { data, mode }, work)

/** What a batch is told whose process has the database to itself. */
const alone = () => ({
  known: new KnownStock(),
  isContended: () => false,
  progress: { commitSent: false },
  onConflict: async () => {},
  onGivenUp: () => {},
  onDecided: () => {},
})

const unacknowledged = { writeConcernError: { code: 64, codeName: 'WriteConcernFailed', errmsg: 'waiting timed out' } }

describe('every command succeeds, once, although', () => {
  test.for<[string, string[], Document, times: number]>([
    ['the connection is lost at the commit', ['commitTransaction'], { closeConnection: true }, 1],
    ['it is lost at the commit twice', ['commitTransaction'], { closeConnection: true }, 2],
    ['it is lost at the commit until all is done anew', ['commitTransaction'], { closeConnection: true }, 7],
    ['it is lost at the read', ['find'], { closeConnection: true }, 2],
    ['it is lost at the insert', ['insert'], { closeConnection: true }, 2],
    ['it is lost at the writes of stock', ['update'], { closeConnection: true }, 2],
    ['it is lost at the abort too', ['update', 'abortTransaction'], { closeConnection: true }, 3],
    ['the server shuts down', ['commitTransaction'], { errorCode: 91 }, 1],
    ['the server is no primary any more', ['commitTransaction'], { errorCode: 10107 }, 1],
    ['another transaction was faster', ['commitTransaction'], { errorCode: 112 }, 3],
    ['the transaction is gone', ['commitTransaction'], { errorCode: 251 }, 3],
    ['the read meets a conflict', ['find'], { errorCode: 112, errorLabels: ['TransientTransactionError'] }, 2],
    ['a failing primary puts no label on its error', ['insert'], { errorCode: 11602, errorLabels: [] }, 2],
    ['its session is ended at the read', ['find'], { errorCode: 11601, errorLabels: [] }, 2],
    ['its session is ended at the insert', ['insert'], { errorCode: 11601, errorLabels: [] }, 2],
    ['its session is ended at the commit', ['commitTransaction'], { errorCode: 11601, errorLabels: [] }, 4],
    ['the commit is done and not confirmed', ['commitTransaction'], unacknowledged, 1],
    ['it is not confirmed until all is looked up', ['commitTransaction'], unacknowledged, 8],
    [
      'too few members are there to confirm it',
      ['commitTransaction'],
      { writeConcernError: { code: 100, errmsg: 'not enough data-bearing nodes' } },
      4,
    ],
  ])('%s', async ([, failCommands, failure, count]) => {
    await using test = await testShop()
    const { products, orders } = test.caller
    const meanwhile = <T>(work: () => Promise<T>) => whileFailing({ failCommands, ...failure }, { times: count }, work)
    const [a, b] = [await products.create(aProduct({ quantity: 10 })), await products.create(aProduct({ quantity: 5 }))]

    const calls = () => [
      // The first is a batch of its own, the others wait and become the second.
      orders.create({ userId: 'first', productId: a.id, quantity: 1 }),
      ...times(9, (n) => orders.create({ userId: `buyer-${n}`, productId: a.id, quantity: 1 })),
      products.create(aProduct({ sku: 'NEW', quantity: 3 })),
      products.setQuantity({ id: b.id, quantity: 6 }),
    ]
    expect(await meanwhile(() => tally(calls()))).toEqual({ ok: 12 })
    expect(await meanwhile(() => products.setQuantity({ id: a.id, quantity: 7 }))).toMatchObject({
      quantity: 7,
      revision: 12,
    })
    // One SKU three times: done once more, an earlier row would undo a later one.
    const row = aProduct({ sku: b.sku, name: 'Renamed' })
    const rows = [row, { ...row, quantity: 4 }, { ...row, quantity: 9 }]
    const upserted = await meanwhile(() => products.upsertMany({ rows, setQuantity: true }))
    expect(upserted.results.map(({ outcome }) => outcome)).toEqual(['updated', 'updated', 'updated'])

    expect(await products.byId({ id: b.id })).toMatchObject({ name: 'Renamed', quantity: 9, version: 2, revision: 5 })
    const { items } = await orders.list()
    expect(items).toHaveLength(10)
    expect(new Set(items.map(({ userId }) => userId)).size).toBe(10)
    expect(await wrongBooks(test)).toEqual([])
    expect((await books(test)).map(({ sku, quantity }) => [sku, quantity])).toEqual([
      [a.sku, 7],
      [b.sku, 9],
      ['NEW', 3],
    ])
  })
})

const unconfirmed = <T>(work: () => Promise<T>) =>
  whileFailing({ failCommands: ['commitTransaction'], ...unacknowledged }, { times: 8 }, work)

test.for<[string, string[], Document, times: number]>([
  ['it is not confirmed until it is looked up', ['commitTransaction'], unacknowledged, 8],
  ['the connection is lost at the commit until all is done anew', ['commitTransaction'], { closeConnection: true }, 7],
  ['orders of the product are faster', ['findAndModify'], { errorCode: 112 }, 3],
])('a correction of the books is written once, although %s', async ([, failCommands, failure, count]) => {
  await using test = await testShop()
  const { id, sku } = await test.caller.products.create(aProduct({ quantity: 5 }))
  await tamper(test, (db) => db.collection('products').updateOne({ sku }, { $inc: { quantity: 2 } }))
  const corrections = [{ productId: id, sku, change: 2 }]
  const written = await whileFailing({ failCommands, ...failure }, { times: count }, () =>
    repairShop({ ...test, corrections }),
  )
  expect(written).toEqual(corrections)
  expect(await books(test)).toEqual([{ sku, quantity: 7, moved: 7, ordered: 0 }])
})

describe('a commit that is done but never confirmed', () => {
  test('does not refuse the last unit to the one who got it', async () => {
    await using test = await testShop()
    const { id } = await test.caller.products.create(aProduct({ quantity: 1 }))
    const order = await unconfirmed(() => test.caller.orders.create({ userId: 'ada', productId: id, quantity: 1 }))
    expect(await test.caller.orders.byId({ id: order.id })).toEqual(order)
  })

  test('does not refuse a SKU to the one who took it', async () => {
    await using test = await testShop()
    const product = await unconfirmed(() => test.caller.products.create(aProduct({ quantity: 0 })))
    expect((await test.caller.products.list()).items).toEqual([product])
  })

  test('edits a product once', async () => {
    await using test = await testShop()
    const row = aProduct()
    const { id } = await test.caller.products.create(row)
    const rows = [
      { ...row, name: 'Cup' },
      { ...row, name: 'Mug' },
    ]
    const { results } = await unconfirmed(() => test.caller.products.upsertMany({ rows }))
    expect(results.map(({ outcome }) => outcome)).toEqual(['updated', 'updated'])
    expect(await test.caller.products.byId({ id })).toMatchObject({ name: 'Mug', version: 3, revision: 3 })
  })

  test('knows a product that it created, though it was changed since', async () => {
    await using test = await testShop()
    const collections = collectionsOf(mongo.client.db(test.database))
    await using session = mongo.client.startSession({ causalConsistency: false })
    const command: Command = {
      kind: 'addProduct',
      productId: new ObjectId(),
      movementId: new ObjectId(),
      // One without stock has no movement that would stand for it.
      product: aProduct({ quantity: 0 }),
    }
    const settling = unconfirmed(() =>
      commitBatch(collections, session, {
        ...alone(),
        commands: () => [command],
        givenUp() {
          void test.caller.products.setQuantity({ id: command.productId.toHexString(), quantity: 5 })
          return false
        },
      }),
    )
    expect((await settling).outcomes).toMatchObject([{ _id: command.productId }])
  })

  test.for(['pay', 'cancel'] as const)('does not refuse a step to the one who made it: %s', async (step) => {
    await using test = await testShop()
    const { id: productId } = await test.caller.products.create(aProduct({ quantity: 5 }))
    const { id } = await test.caller.orders.create({ userId: 'ada', productId, quantity: 1 })
    const moved = await unconfirmed(() => test.caller.orders[step]({ id }))
    expect(moved.history).toHaveLength(2)
    expect(await test.caller.orders.byId({ id })).toEqual(moved)
    expect(await wrongBooks(test)).toEqual([])
  })

  test('answers with what its last attempt wrote, not with what one before it would have', async () => {
    await using test = await testShop()
    const row = aProduct({ quantity: 5 })
    const { id: productId } = await test.caller.products.create(row)
    const { id: orderId } = await test.caller.orders.create({ userId: 'ada', productId, quantity: 1 })
    const collections = collectionsOf(mongo.client.db(test.database))
    const admin = mongo.client.db('admin')
    for (const command of [
      { kind: 'placeOrder', orderId: new ObjectId(), userId: 'bo', lines: [{ productId, quantity: 1 }] },
      { kind: 'moveOrder', orderId, stepId: new ObjectId(), to: 'paid', restock: false },
      { kind: 'adjustQuantity', movementId: new ObjectId(), productId, delta: 1, reason: 'found' },
    ] satisfies Command[]) {
      await using session = mongo.client.startSession({ causalConsistency: false })
      const conflict = { failCommands: ['commitTransaction'], errorCode: 112 }
      const { outcomes } = await whileFailing(conflict, { times: 1 }, () =>
        commitBatch(collections, session, {
          ...alone(),
          commands: () => [command],
          givenUp: () => false,
          async onConflict() {
            // The first attempt is gone, the product is another by then, and the second is never confirmed.
            await admin.command({ killSessions: [{ id: session.id!.id }] })
            await test.caller.products.upsertMany({ rows: [{ ...row, name: `After ${command.kind}` }] })
            const data = { failCommands: ['commitTransaction'], ...unacknowledged }
            await admin.command({ configureFailPoint: 'failCommand', mode: { times: 8 }, data })
          },
        }),
      )
      const { orders, products } = collections
      const stored =
        command.kind === 'adjustQuantity'
          ? products.findOne({ _id: new ObjectId(productId) })
          : orders.findOne({ _id: new ObjectId(command.orderId) })
      expect(outcomes).toEqual([{ value: await stored, replayed: false }])
    }
  })

  test('decides nothing anew: who was refused stays refused, though stock came in since', async () => {
    await using test = await testShop()
    const { id: productId, sku } = await test.caller.products.create(aProduct({ quantity: 1 }))
    const order = (userId: string): Command => ({
      kind: 'placeOrder',
      orderId: new ObjectId(),
      userId,
      lines: [{ productId, quantity: 1 }],
    })
    const restock: Command = { kind: 'setQuantity', movementId: new ObjectId(), productId, quantity: 3 }
    const commands = [order('ada'), order('bo'), restock, order('cy')]
    await using session = mongo.client.startSession({ causalConsistency: false })
    const collections = collectionsOf(mongo.client.db(test.database))
    const { outcomes } = await unconfirmed(() =>
      commitBatch(collections, session, {
        ...alone(),
        commands: () => commands,
        givenUp: () => false,
      }),
    )
    expect(outcomes).toMatchObject([
      { value: { userId: 'ada' } },
      { code: 'OUT_OF_STOCK' },
      { quantity: 3 },
      { value: { userId: 'cy' } },
    ])
    expect((await test.caller.orders.list()).items.map(({ userId }) => userId)).toEqual(['ada', 'cy'])
    expect(await books(test)).toEqual([{ sku, quantity: 2, moved: 4, ordered: 2 }])
  })
})

test.for([10107, 134])('a read that fails for the moment is BUSY, not a fault: %i', async (errorCode) => {
  await using test = await testShop()
  const { products, orders } = test.caller
  const id = '0'.repeat(24)
  const reads = () => tally([products.byId({ id }), orders.byId({ id }), orders.list()])
  expect(await whileFailing({ failCommands: ['find'], errorCode }, 'alwaysOn', reads)).toEqual({ BUSY: 3 })
})

test.for<[skip: number, code: string, there: number]>([
  [2, 'OUTCOME_UNKNOWN', 100],
  [0, 'INTERNAL', 0],
])('200 rows in bulk, whose inserts fail after %i: %s', async ([skip, code, there]) => {
  await using test = await testShop()
  const rows = times(200, () => aProduct())
  // Of a hundred rows, the movements are inserted, then the products.
  const told = await whileFailing({ failCommands: ['insert'], errorCode: 2 }, { skip }, () =>
    refusal(test.caller.products.upsertMany({ rows })),
  )
  expect(told.code).toBe(code)
  expect((await test.caller.products.list()).items).toHaveLength(there)
})

test('rows in bulk are of unknown outcome where the first are refused and later ones may be there', async () => {
  await using test = await testShop()
  const db = mongo.client.db(test.database)
  await db.command({ collMod: 'products', validator: { name: { $ne: 'poison' } } })
  const rows = times(150, (n) => aProduct({ name: n === 5 ? 'poison' : 'Mug' }))
  const commits = { failCommands: ['commitTransaction'], ...unacknowledged }
  const told = await whileFailing(commits, 'alwaysOn', () => refusal(test.caller.products.upsertMany({ rows })))
  expect(await db.collection('products').countDocuments()).toBe(50)
  expect(told.code).toBe('OUTCOME_UNKNOWN')
})

test('what a lost commit sold is shown, and from then on the stream tells all until the next is acknowledged', async () => {
  await using test = await testShop()
  const { products, orders } = test.caller
  const { id } = await products.create(aProduct({ quantity: 10 }))
  const db = mongo.client.db(test.database)
  await expect.poll(() => toldBy(db)).toBe('others')
  const commits = { failCommands: ['commitTransaction'], ...unacknowledged }
  await whileFailing(commits, 'alwaysOn', async () => {
    expect(await refusal(orders.create({ userId: 'ada', productId: id, quantity: 3 }))).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
    })
    await expect.poll(async () => (await products.byId({ id })).quantity).toBe(7)
    await expect.poll(() => toldBy(db)).toBe('all')
  })
  await products.setQuantity({ id, quantity: 20 })
  await expect.poll(() => toldBy(db), { timeout: 10_000 }).toBe('others')
})

test('what was read by a batch that was given up decides no other: the primary may have lost it', async () => {
  await using test = await testShop()
  const { id } = await test.caller.products.create(aProduct({ quantity: 10 }))
  const collections = collectionsOf(mongo.client.db(test.database))
  await using session = mongo.client.startSession({ causalConsistency: false })
  const one = alone()
  const place = () => {
    const lines = [{ productId: id, quantity: 1 }]
    const command: Command = { kind: 'placeOrder', orderId: new ObjectId(), userId: 'ada', lines }
    return commitBatch(collections, session, { ...one, commands: () => [command], givenUp: () => true })
  }
  const edit = (amount: number) =>
    collections.products.updateOne(
      {},
      { $set: { 'price.amount': amount, revision: 2 }, $unset: { expectedRevision: '' } },
    )
  await edit(1)
  const conflict = { failCommands: ['insert'], errorCode: 24, errorLabels: ['TransientTransactionError'] }
  await expect(whileFailing(conflict, { times: 1 }, place)).rejects.toThrow()
  // Another price under the same revision, as where the first was lost with the primary.
  await edit(777)
  expect((await place()).outcomes).toMatchObject([{ value: { total: { amount: 777 } } }])
})

test.for<[string, Document, leaves: number]>([
  ['a batch that is given up where it may have left locks says so', { closeConnection: true }, 1],
  ['one that the database refused left none', { errorCode: 2 }, 0],
])('%s', async ([, failure, leaves]) => {
  await using test = await testShop()
  const { id: productId } = await test.caller.products.create(aProduct())
  await using session = mongo.client.startSession({ causalConsistency: false })
  const place: Command = {
    kind: 'placeOrder',
    orderId: new ObjectId(),
    userId: 'ada',
    lines: [{ productId, quantity: 1 }],
  }
  let left = 0
  const settling = whileFailing({ failCommands: ['insert'], ...failure }, 'alwaysOn', () =>
    commitBatch(collectionsOf(mongo.client.db(test.database)), session, {
      ...alone(),
      commands: () => [place],
      givenUp: () => true,
      onGivenUp: () => void left++,
    }),
  )
  await expect(settling).rejects.toThrow()
  expect(left).toBe(leaves)
})

test('an order that the database refuses takes none of its neighbours with it', async () => {
  await using test = await testShop()
  const { id, sku } = await test.caller.products.create(aProduct({ quantity: 100 }))
  await mongo.client.db(test.database).command({ collMod: 'orders', validator: { userId: { $ne: 'poison' } } })
  const outcomes = await Promise.allSettled(
    times(40, (n) =>
      test.caller.orders.create({ userId: n % 13 === 7 ? 'poison' : `buyer-${n}`, productId: id, quantity: 1 }),
    ),
  )
  expect(outcomes.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))).toEqual([7, 20, 33])
  expect(await books(test)).toEqual([{ sku, quantity: 63, moved: 100, ordered: 37 }])
})

test('a batch whose commit was sent is never refused as if it had no effect, whatever fails behind it', async () => {
  await using test = await testShop()
  const { id: productId } = await test.caller.products.create(aProduct({ quantity: 10 }))
  const real = collectionsOf(mongo.client.db(test.database))
  // The look for what has become of it fails as no transient error does.
  const orders = Object.create(real.orders, {
    findOne: { value: () => Promise.reject(new MongoServerError({ message: 'not authorized', code: 13 })) },
  }) as typeof real.orders
  await using session = mongo.client.startSession({ causalConsistency: false })
  const desk = openDesk({
    collections: { ...real, orders },
    session,
    onConflict: async () => {},
    onGivenUp: () => {},
    onCommit: () => {},
  })
  const order = (userId: string) =>
    refusal(desk.submit({ kind: 'placeOrder', orderId: new ObjectId(), userId, lines: [{ productId, quantity: 1 }] }))
  const commits = { failCommands: ['commitTransaction'], ...unacknowledged }
  // One alone, then two in one batch.
  const told = await whileFailing(commits, { times: 12 }, () => Promise.all([order('a'), order('b'), order('c')]))
  expect(told.map(({ code }) => code)).toEqual(Array(3).fill('OUTCOME_UNKNOWN'))
  await desk.close()
  expect((await real.orders.find().toArray()).map(({ userId }) => userId)).toEqual(['a', 'b', 'c'])
})

// These two wait more than they work, each on a database of its own.
test.concurrent('a commit that takes too long leaves its orders unknown at 5 s, and what waits behind it untouched', async () => {
  await using test = await testShop()
  const { id, sku } = await test.caller.products.create(aProduct({ quantity: 10 }))
  // Called on the shop itself, the first order is sent before the second is there.
  const order = (userId: string) => test.shop.orders.create({ userId, productId: id, quantity: 1 })
  const blocked = { failCommands: ['commitTransaction'], blockConnection: true, blockTimeMS: 6500 }
  const { refusals, seconds } = await whileFailing(blocked, { times: 1 }, async () => {
    const from = performance.now()
    const refusals = await Promise.all([refusal(order('sent')), refusal(order('waiting'))])
    return { refusals, seconds: (performance.now() - from) / 1000 }
  })
  expect(refusals).toEqual([
    { code: 'OUTCOME_UNKNOWN', details: {} },
    { code: 'BUSY', details: {} },
  ])
  expect(seconds).toBeGreaterThan(4.9)
  expect(seconds).toBeLessThan(6)

  const next = await order('next')
  const { items } = await test.caller.orders.list()
  expect(items.map(({ userId }) => userId)).toEqual(['sent', 'next'])
  expect(items[1]).toEqual(next)
  expect(await books(test)).toEqual([{ sku, quantity: 8, moved: 10, ordered: 2 }])
  expect(await test.caller.products.byId({ id })).toMatchObject({ quantity: 8 })
})

test.concurrent(
  'a killed primary loses no acknowledged order, and orders go on within 10 s',
  { timeout: 60_000 },
  async ({ expect }) => {
    await using set = await startMongo({ members: 3, electionTimeoutMillis: 1000 })
    await using test = await openTestShop({ uri: set.uri })
    const { results } = await test.caller.products.upsertMany({
      rows: times(4, () => aProduct({ quantity: 1_000_000 })),
    })
    const acknowledged = new Map<string, string>()
    const busy = new Set<string>()
    let lastOne = performance.now()
    let longestGap = 0
    let awaited = { size: Infinity, reached: () => {} }
    const stop = new AbortController()
    const buyer = async (n: number) => {
      for (let order = 0; !stop.signal.aborted; order++) {
        const userId = `buyer-${n}-${order}`
        const lines = [n, n + 1].map((index) => ({ productId: results[index % 4]!.id, quantity: 1 }))
        const placing = test.caller.orders.create({ userId, lines })
        const placed = await placing.catch(() => undefined)
        if (placed) {
          acknowledged.set(placed.id, userId)
          longestGap = Math.max(longestGap, performance.now() - lastOne)
          lastOne = performance.now()
          if (acknowledged.size >= awaited.size) awaited.reached()
        } else {
          // Anything but these two is thrown, and fails the test.
          const { code } = await refusal(placing)
          expect(code).toBeOneOf(['BUSY', 'OUTCOME_UNKNOWN'])
          if (code === 'BUSY') busy.add(userId)
          await sleep(20)
        }
      }
    }
    const load = Promise.all(times(16, buyer))
    const more = async (count: number) => {
      const reached = Promise.withResolvers<void>()
      awaited = { size: acknowledged.size + count, reached: reached.resolve }
      // The buyers end first only if one of them met what it must not.
      await Promise.race([reached.promise, load])
    }
    await more(300)
    const first = await primaryOf(set)
    await first.kill('SIGKILL')
    await more(300)
    await first.start()
    await (await primaryOf(set)).kill('SIGKILL')
    await more(300)
    stop.abort()
    await load

    expect(longestGap, 'ms between two acknowledged orders').toBeLessThan(10_000)
    await using reader = new MongoClient(set.uri, { readConcernLevel: 'majority' })
    const placed = await reader.db(test.database).collection<{ userId: string }>('orders').find().toArray()
    const found = new Map(placed.map(({ _id, userId }) => [_id.toHexString(), userId]))
    expect([...acknowledged].filter(([id, userId]) => found.get(id) !== userId)).toEqual([])
    const users = placed.map(({ userId }) => userId)
    expect(new Set(users).size).toBe(users.length)
    expect(users.filter((userId) => busy.has(userId))).toEqual([])
    expect(await wrongBooks(test)).toEqual([])
    const left = (await books(test)).map(({ quantity }) => quantity)
    const shown = async () => (await test.caller.products.list()).items.map(({ quantity }) => quantity)
    await expect.poll(shown, { timeout: 5000 }).toEqual(left)
  },
)

async function primaryOf({ members }: LocalMongo) {
  for (;;) {
    for (const member of members) {
      if (member.pid === undefined) continue
      await using direct = new MongoClient(`mongodb://127.0.0.1:${member.port}`, { directConnection: true })
      const hello = await direct
        .db('admin')
        .command({ hello: 1 })
        .catch(() => undefined)
      if (hello?.isWritablePrimary) return member
    }
    await sleep(50)
  }
}
