import { setTimeout as sleep } from 'node:timers/promises'
import type { LocalMongo } from '@stockroom/local-mongo'
import { startMongo } from '@stockroom/local-mongo'
import type { Document } from 'mongodb'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { books, refusal, tally, wrongBooks } from './_books.ts'
import { aProduct, testShop as openTestShop } from './_shop.ts'

let mongo: LocalMongo
let client: MongoClient
beforeAll(async () => {
  // Longer than the longest commit here: otherwise the server would end the transaction that waits.
  mongo = await startMongo({ enableTestCommands: true, transactionLifetimeLimitSeconds: 30 })
  client = await MongoClient.connect(mongo.uri)
})
afterAll(async () => {
  await client.close()
  await mongo[Symbol.asyncDispose]()
})

const testShop = () => openTestShop({ uri: mongo.uri })
const times = <Result>(count: number, call: (index: number) => Result) =>
  Array.from({ length: count }, (_, n) => call(n))

/** Makes commands fail as `data` says, that many times; disposing ends it and requires that it happened. */
async function failing(data: Document, mode: Document | 'alwaysOn') {
  const admin = client.db('admin')
  await admin.command({ configureFailPoint: 'failCommand', mode, data })
  return {
    async [Symbol.asyncDispose]() {
      const { count } = await admin.command({ configureFailPoint: 'failCommand', mode: 'off' })
      expect(count).toBeGreaterThan(0)
    },
  }
}

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
    const [a, b] = [await products.create(aProduct({ quantity: 10 })), await products.create(aProduct({ quantity: 5 }))]
    const row = aProduct({ sku: b.sku, name: 'Renamed', quantity: 9 })
    {
      await using _ = await failing({ failCommands, ...failure }, { times: count })
      const calls = [
        // The first is a batch of its own, the others wait and become the second.
        orders.create({ userId: 'first', productId: a.id, quantity: 1 }),
        ...times(9, (n) => orders.create({ userId: `buyer-${n}`, productId: a.id, quantity: 1 })),
        products.create(aProduct({ sku: 'NEW', quantity: 3 })),
        // One SKU twice: done once more, the first row would undo the second.
        products.upsertMany({ rows: [{ ...row, quantity: 5 }, row], setQuantity: true }),
        products.upsertMany({ rows: [{ ...row, quantity: 4 }, row], setQuantity: true }),
      ]
      expect(await tally(calls)).toEqual({ ok: 13 })
    }
    {
      await using _ = await failing({ failCommands, ...failure }, { times: count })
      const changed = await products.setQuantity({ id: a.id, quantity: 7 })
      expect(changed).toMatchObject({ quantity: 7, revision: 12 })
      const { results } = await products.upsertMany({ rows: [{ ...row, name: 'Again' }] })
      expect(results).toMatchObject([{ outcome: 'updated' }])
    }
    const { items } = await orders.list()
    expect(items).toHaveLength(10)
    expect(new Set(items.map(({ userId }) => userId)).size).toBe(10)
    expect(await wrongBooks(test)).toEqual([])
    expect((await books(test)).map(({ sku, quantity }) => [sku, quantity])).toEqual([
      [a.sku, 7],
      [b.sku, 9],
      ['NEW', 3],
    ])
    expect(await products.byId({ id: b.id })).toMatchObject({ name: 'Again', version: 3 })
  })
})

test('the last unit is not refused to the one who got it unseen', async () => {
  await using test = await testShop()
  const { id } = await test.caller.products.create(aProduct({ quantity: 1 }))
  await using _ = await failing({ failCommands: ['commitTransaction'], ...unacknowledged }, { times: 8 })
  const order = await test.caller.orders.create({ userId: 'ada', productId: id, quantity: 1 })
  expect(await test.caller.orders.byId({ id: order.id })).toEqual(order)
})

test('a read that fails for the moment is BUSY, not a fault', async () => {
  await using test = await testShop()
  await using _ = await failing({ failCommands: ['find'], errorCode: 10107 }, 'alwaysOn')
  const { products, orders } = test.caller
  expect(await tally([products.list(), products.byId({ id: '0'.repeat(24) }), orders.list()])).toEqual({ BUSY: 3 })
})

test('a commit that takes too long leaves its orders unknown at 5 s, and what waits behind it untouched', async () => {
  await using test = await testShop()
  const { id, sku } = await test.caller.products.create(aProduct({ quantity: 10 }))
  // Called on the shop itself, the first order is sent before the second is there.
  const order = (userId: string) => test.shop.orders.create({ userId, productId: id, quantity: 1 })
  await using _ = await failing(
    { failCommands: ['commitTransaction'], blockConnection: true, blockTimeMS: 6500 },
    { times: 1 },
  )
  const from = performance.now()
  const [sent, waiting] = [refusal(order('sent')), refusal(order('waiting'))]
  expect([await sent, await waiting]).toEqual([
    { code: 'OUTCOME_UNKNOWN', details: {} },
    { code: 'BUSY', details: {} },
  ])
  expect((performance.now() - from) / 1000).toBeCloseTo(5, 0)

  const next = await order('next')
  const { items } = await test.caller.orders.list()
  expect(items.map(({ userId }) => userId)).toEqual(['sent', 'next'])
  expect(items[1]).toEqual(next)
  expect(await books(test)).toEqual([{ sku, quantity: 8, moved: 10, ordered: 2 }])
  expect(await test.caller.products.byId({ id })).toMatchObject({ quantity: 8 })
})

test('an order that the database refuses takes none of its neighbours with it', async () => {
  await using test = await testShop()
  const { id, sku } = await test.caller.products.create(aProduct({ quantity: 100 }))
  await client.db(test.database).command({ collMod: 'orders', validator: { userId: { $ne: 'poison' } } })
  const outcomes = await Promise.allSettled(
    times(40, (n) =>
      test.caller.orders.create({ userId: n % 13 === 7 ? 'poison' : `buyer-${n}`, productId: id, quantity: 1 }),
    ),
  )
  expect(outcomes.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))).toEqual([7, 20, 33])
  expect(await books(test)).toEqual([{ sku, quantity: 63, moved: 100, ordered: 37 }])
})

test('a killed primary loses no acknowledged order, and orders go on within 10 s', { timeout: 60_000 }, async () => {
  await using set = await startMongo({ members: 3, electionTimeoutMillis: 1000 })
  await using test = await openTestShop({ uri: set.uri })
  const { results } = await test.caller.products.upsertMany({
    rows: times(4, () => aProduct({ quantity: 1_000_000 })),
  })
  const acknowledged = new Map<string, string>()
  const busy = new Set<string>()
  let lastOne = performance.now()
  let longestGap = 0
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
    const enough = acknowledged.size + count
    await expect.poll(() => acknowledged.size, { timeout: 20_000, interval: 10 }).toBeGreaterThan(enough)
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

  expect(longestGap).toBeLessThan(10_000)
  await using reader = new MongoClient(set.uri, { readConcernLevel: 'majority' })
  const placed = await reader.db(test.database).collection<{ userId: string }>('orders').find().toArray()
  const found = new Map(placed.map(({ _id, userId }) => [_id.toHexString(), userId]))
  expect([...acknowledged].filter(([id, userId]) => found.get(id) !== userId)).toEqual([])
  const users = placed.map(({ userId }) => userId)
  expect(new Set(users).size).toBe(users.length)
  expect(users.filter((userId) => busy.has(userId))).toEqual([])
  expect(await wrongBooks(test)).toEqual([])
})

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
