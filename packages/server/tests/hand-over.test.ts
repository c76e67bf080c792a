import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, createServer as createNetServer } from 'node:net'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Order } from '@stockroom/contracts'
import { ShopError } from '@stockroom/server'
import type { TestShop } from '@stockroom/server/testing'
import { ObjectId, UUID } from 'mongodb'
import { describe, expect, test } from 'vitest'
import type { LaneDocument } from '../src/collections/lanes.ts'
import type { OrderDocument } from '../src/collections/orders.ts'
import type { PlaceOrder } from '../src/domain/commands.ts'
import { openDoor } from '../src/peers/door.ts'
import { handOver } from '../src/peers/hand-over.ts'
import { refusal, tally, wrongBooks } from './_books.ts'
import { failingMongo, whileFailing } from './_failing.ts'
import { aProduct, testShop } from './_shop.ts'

const mongo = failingMongo({ transactionLifetimeLimitSeconds: 60 })

/** The name that the commands of one process carry, so that those alone can be made to fail. */
const appName = 'younger'
const inserts = { failCommands: ['insert'], appName }

/** A database with one product, which this shop has; the oldest that writes to it unless a test says otherwise. */
async function elderShop(quantity = 1_000_000) {
  const elder = await testShop({ uri: mongo.uri })
  const { id: productId } = await elder.caller.products.create(aProduct({ quantity }))
  return { ...elder, productId }
}
type ElderShop = Awaited<ReturnType<typeof elderShop>>

/** The same shop as a process that came later has it. */
const youngerShop = ({ database }: ElderShop) => testShop({ uri: `${mongo.uri}&appName=${appName}`, database })

/** After which it looks for an older one. */
async function meetConflict(younger: TestShop, productId: string): Promise<void> {
  const failure = { data: { ...inserts, errorCode: 112 }, mode: { times: 1 } }
  await whileFailing(mongo.client, failure, () => buy(younger, productId))
}

function buy({ caller }: Pick<TestShop, 'caller'>, productId: string, idempotencyKey?: string) {
  return caller.orders.create({ userId: 'ada', productId, quantity: 1, idempotencyKey })
}

/** Runs `work` while the younger shop's own orders cannot be written, as another of its commands proves. */
const whileItCannot = <T>(younger: TestShop, id: string, work: () => Promise<T>) =>
  whileFailing(mongo.client, { data: { ...inserts, errorCode: 2 }, mode: 'alwaysOn' }, async () => {
    const adjusted = younger.caller.products.adjustQuantity({ id, delta: 1, reason: 'found one' })
    expect((await refusal(adjusted)).code).toBe('INTERNAL')
    return work()
  })

/** Two shops of one database and product, the younger of which has met a conflict. */
async function shopsAfterConflict(quantity?: number) {
  await using stack = new AsyncDisposableStack()
  const elder = stack.use(await elderShop(quantity))
  const younger = stack.use(await youngerShop(elder))
  await meetConflict(younger, elder.productId)
  const open = stack.move()
  return { elder, younger, id: elder.productId, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** Registers an older process that takes orders at `door` and never goes silent. */
async function elderLane(database: string, door: string): Promise<AsyncDisposable> {
  const lanes = mongo.client.db(database).collection<LaneDocument>('lanes')
  const _id = new UUID().toBinary()
  await lanes.insertOne({ _id, door, since: new Date(0), at: new Date('2999-01-01') })
  return { [Symbol.asyncDispose]: async () => void (await lanes.deleteOne({ _id })) }
}

describe('after a conflict, a process has the oldest one place its orders,', () => {
  test('and shows at once what they left', async () => {
    await using shops = await shopsAfterConflict(100)
    const { elder, younger, id } = shops
    await whileItCannot(younger, id, async () => {
      const { id: orderId, createdAt } = await buy(younger, id)
      expect(await younger.caller.products.byId({ id })).toMatchObject({ quantity: 98, revision: 3 })
      expect(await younger.caller.orders.byId({ id: orderId })).toMatchObject({ userId: 'ada', createdAt })
    })
    expect(await wrongBooks(elder)).toEqual([])
  })

  test('and passes on what it says to each', async () => {
    await using shops = await shopsAfterConflict(3)
    const { elder, younger, id } = shops
    await whileItCannot(younger, id, async () => {
      const key = 'a-click-of-a-button'
      const [first, again] = [{ replayed: false }, { replayed: false }]
      const input = { userId: 'ada', productId: id, quantity: 1, idempotencyKey: key }
      const placed = await younger.shop.orders.create(input, first)
      expect(await younger.shop.orders.create(input, again)).toEqual(placed)
      expect([first.replayed, again.replayed]).toEqual([false, true])

      const buyers = Array.from({ length: 10 }, () => buy(younger, id))
      const lost = refusal(buy(younger, 'f'.repeat(24)))
      expect(await tally(buyers)).toEqual({ ok: 1, OUT_OF_STOCK: 9 })
      expect(await lost).toEqual({ code: 'PRODUCT_NOT_FOUND', details: { productIds: ['f'.repeat(24)] } })
      expect(await refusal(buy(younger, id))).toMatchObject({
        code: 'OUT_OF_STOCK',
        details: { products: [{ productId: id, requested: 1, available: 0 }] },
      })
    })
    expect(await wrongBooks(elder)).toEqual([])
  })

  test('and hears what they come to while they are being committed', async () => {
    await using shops = await shopsAfterConflict()
    const { younger, id: productId } = shops
    const stored = mongo.client.db(younger.database).collection('orders')
    const told: Order[] = []
    const found: Promise<unknown>[] = []
    const onDecided = (order: Order) => {
      told.push(order)
      found.push(stored.findOne({ _id: new ObjectId(order.id) }))
    }
    const slowCommit = { failCommands: ['commitTransaction'], blockConnection: true, blockTimeMS: 500 }
    const order = await whileFailing(mongo.client, { data: slowCommit, mode: { times: 1 } }, () =>
      younger.shop.orders.create({ userId: 'ada', productId, quantity: 1 }, { onDecided }),
    )
    expect(told).toHaveLength(1)
    expect(told[0]).toBe(order)
    expect(await Promise.all(found)).toEqual([null])
  })

  test('and says of them what was committed, where it was decided twice', async () => {
    await using shops = await shopsAfterConflict()
    const { elder, younger, id } = shops
    await using third = await testShop({ uri: mongo.uri, database: elder.database })
    const { sku, name } = await third.caller.products.byId({ id })
    // The oldest still knows the old price, by which it decides first.
    await buy(elder, id)
    const price = { amount: 777, currency: 'EUR' } as const
    await third.caller.products.upsertMany({ rows: [{ sku, name, price, quantity: 5 }] })
    const told: Order[] = []
    const onDecided = (order: Order) => void told.push(order)
    const order = await younger.shop.orders.create({ userId: 'ada', productId: id, quantity: 1 }, { onDecided })
    expect(told.map(({ total }) => total.amount)).toEqual([1000])
    expect(order).toMatchObject({ total: price })
    expect(await younger.caller.orders.byId({ id: order.id })).toEqual(order)
  })

  test('however many there are, in parts that can be sent', async () => {
    await using shops = await shopsAfterConflict()
    const { elder, younger, id: productId } = shops
    const rows = Array.from({ length: 300 }, () => aProduct({ quantity: 1000 }))
    const { results } = await elder.caller.products.upsertMany({ rows })
    const lines = results.map(({ id }) => ({ productId: id, quantity: 1 }))
    const orders = await whileItCannot(younger, productId, () =>
      Promise.all(Array.from({ length: 20 }, () => younger.caller.orders.create({ userId: 'ada', lines }))),
    )
    expect(orders.map((order) => order.lines.length)).toEqual(Array.from({ length: 20 }, () => 300))
    expect(await wrongBooks(elder)).toEqual([])
  })

  test('also of many products, whose texts are the longest that there are', async () => {
    await using shops = await shopsAfterConflict()
    const { elder, younger, id: productId } = shops
    const long = { name: '漢'.repeat(512), description: '漢'.repeat(10_000) }
    const ids: string[] = []
    for (let left = 300; left > 0; left -= 100) {
      const rows = Array.from({ length: 100 }, () => ({ ...aProduct({ quantity: 5 }), ...long }))
      ids.push(...(await elder.caller.products.upsertMany({ rows })).results.map(({ id }) => id))
    }
    const lines = ids.map((id) => ({ productId: id, quantity: 1 }))
    await whileItCannot(younger, productId, async () => {
      expect((await younger.caller.orders.create({ userId: 'ada', lines })).lines).toHaveLength(300)
    })
    // One that names more of them is placed here: what comes back could be too long.
    const more = [...lines, { productId, quantity: 1 }]
    expect((await younger.caller.orders.create({ userId: 'ada', lines: more })).lines).toHaveLength(301)
    expect(await wrongBooks(elder)).toEqual([])
  })

  test('and its own again once that one has ended', async () => {
    await using shops = await shopsAfterConflict()
    const { elder, younger, id } = shops
    const handedOver = Array.from({ length: 50 }, () => buy(younger, id))
    await new Promise(setImmediate)
    await elder.shop[Symbol.asyncDispose]()
    expect(await tally(handedOver)).toEqual({ ok: 50 })
    expect(await buy(younger, id)).toMatchObject({ status: 'placed' })
    expect(await wrongBooks(elder)).toEqual([])
  })
})

test.for(['SIGKILL', 'SIGSTOP'] as const)(
  '%s of the oldest process neither loses nor doubles an order',
  async (end) => {
    const creator = await elderShop()
    const { productId, database } = creator
    await creator.shop[Symbol.asyncDispose]()
    const buyer = join(import.meta.dirname, '_buyer.ts')
    const args = ['--conditions=@stockroom/source', buyer, mongo.uri, database, productId]
    // What a process has there that is killed, it does not remove.
    await using folder = await mkdtempDisposable(join(tmpdir(), 'stockroom-test-'))
    const env = { ...process.env, TMPDIR: folder.path }
    const elder = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    using _end = { [Symbol.dispose]: () => void elder.kill('SIGKILL') }
    await once(elder.stdout, 'data')
    await using younger = await youngerShop(creator)
    await meetConflict(younger, productId)

    let clicks = 0
    const ended = new AbortController()
    const clicking = Array.from({ length: 32 }, async () => {
      for (let more = true; more; more = !ended.signal.aborted) await buy(younger, productId, `a-click-${clicks++}`)
      // What comes after it went is not handed over for long.
      await buy(younger, productId, `a-click-${clicks++}`)
    })
    await expect.poll(() => clicks, { timeout: 10_000 }).toBeGreaterThan(200)
    elder.kill(end)
    ended.abort()
    expect(await tally(clicking)).toEqual({ ok: 32 })
    elder.kill('SIGKILL')

    const placed = await mongo.client.db(database).collection('orders').countDocuments({ userId: 'ada' })
    // One met the conflict.
    expect(placed).toBe(clicks + 1)
    expect(await wrongBooks({ uri: mongo.uri, database })).toEqual([])
  },
)

test('an order of which nothing is heard is placed here if it has a key, and else its outcome is not known', async () => {
  await using elder = await elderShop()
  await using younger = await youngerShop(elder)
  const taken: PlaceOrder[] = []
  await using door = (await openDoor((command) => {
    taken.push(command)
    return new Promise(() => {})
  }))!
  const lane = await elderLane(elder.database, door.path)
  await meetConflict(younger, elder.productId)
  const withKey = buy(younger, elder.productId, 'a-click-of-a-button')
  const without = refusal(buy(younger, elder.productId))
  const tooMany = { userId: 'ada', productId: elder.productId, quantity: 1_000_000, idempotencyKey: 'another-click' }
  const refusedHere = refusal(younger.caller.orders.create(tooMany))
  await expect.poll(() => taken).toHaveLength(3)
  await lane[Symbol.asyncDispose]()
  expect(await withKey).toMatchObject({ status: 'placed' })
  expect((await without).code).toBe('OUTCOME_UNKNOWN')
  // It may have been placed there, before there were too few.
  expect((await refusedHere).code).toBe('OUTCOME_UNKNOWN')
})

test.for([false, true])(
  'a door that is closed answers what it has taken, and is closed then (told before what that comes to: %s)',
  { timeout: 5000 },
  async (isTold) => {
    const taken = Promise.withResolvers<void>()
    const refused = Promise.withResolvers<never>()
    const door = (await openDoor((_command, { onDecided }) => {
      if (isTold) onDecided?.({ value: {} as OrderDocument, replayed: false })
      taken.resolve()
      return refused.promise
    }))!
    const command: PlaceOrder = { kind: 'placeOrder', orderId: new ObjectId(), userId: 'ada', lines: [] }
    const lead = { door: door.path, lost: new AbortController().signal }
    const told: unknown[] = []
    const answered = handOver({ lead, commands: [command], onDecided: (decided) => told.push(decided) })
    await taken.promise
    if (isTold) await expect.poll(() => told).toHaveLength(1)
    const closed = door[Symbol.asyncDispose]()
    refused.reject(new ShopError('BUSY', {}))
    expect(await answered).toEqual({ outcomes: [{ code: 'BUSY', details: {} }], products: [] })
    await closed
  },
)

test(
  'a door does not wait for ever for a process that stands still in the middle of a message',
  { timeout: 20_000 },
  async () => {
    const door = (await openDoor(() => Promise.reject(new ShopError('BUSY', {}))))!
    const socket = connect(door.path)
    socket.write('POST / HTTP/1.1\r\nhost: door\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{')
    // It has begun to read.
    await once(socket, 'data')
    const cut = once(socket, 'close')
    await door[Symbol.asyncDispose]()
    await cut
  },
)

test('a process that does not take orders in the way of this version is not asked again, but the next oldest', async () => {
  await using elder = await elderShop()
  await using younger = await youngerShop(elder)
  let asked = 0
  await using folder = await mkdtempDisposable(join(tmpdir(), 'stockroom-test-'))
  const server = createServer((_request, response) => void response.writeHead(404, { asked: ++asked }).end())
  server.listen(join(folder.path, 'desk'))
  await once(server, 'listening')
  await using _lane = await elderLane(elder.database, join(folder.path, 'desk'))
  await meetConflict(younger, elder.productId)
  const { productId: id } = elder
  const twice = [await buy(younger, id), await buy(younger, id)]
  expect(twice).toMatchObject([{ status: 'placed' }, { status: 'placed' }])
  const askNext = async () => {
    await meetConflict(younger, id)
    return whileItCannot(younger, id, () => tally([buy(younger, id)]))
  }
  await expect.poll(askNext, { timeout: 5000 }).toEqual({ ok: 1 })
  expect(asked).toBe(1)
  server.close()
})

test('an order whose connection breaks once it was sent is of unknown outcome', async () => {
  await using elder = await elderShop()
  await using younger = await youngerShop(elder)
  await using folder = await mkdtempDisposable(join(tmpdir(), 'stockroom-test-'))
  // With bytes that nobody has read, the connection is reset.
  const server = createNetServer({ pauseOnConnect: true }, (socket) => {
    setImmediate(() => setImmediate(() => socket.destroy()))
  })
  server.listen(join(folder.path, 'desk'))
  await once(server, 'listening')
  await using _lane = await elderLane(elder.database, join(folder.path, 'desk'))
  await meetConflict(younger, elder.productId)
  expect((await refusal(buy(younger, elder.productId))).code).toBe('OUTCOME_UNKNOWN')
  server.close()
})

test(
  'an order of which a process that lives says nothing is of unknown outcome, with a key or without',
  { timeout: 20_000 },
  async () => {
    await using elder = await elderShop()
    await using younger = await youngerShop(elder)
    const door = (await openDoor(() => new Promise(() => {})))!
    await using _lane = await elderLane(elder.database, door.path)
    await meetConflict(younger, elder.productId)
    const buyers = ['a-click-of-a-button', undefined].map((key) => refusal(buy(younger, elder.productId, key)))
    expect((await Promise.all(buyers)).map(({ code }) => code)).toEqual(['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN'])
    // The one that met the conflict.
    expect((await younger.caller.orders.list()).items).toHaveLength(1)
  },
)
