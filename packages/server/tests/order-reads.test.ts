import { startMongo } from '@stockroom/local-mongo'
import { MongoClient, ObjectId } from 'mongodb'
import { expect, test } from 'vitest'
import { letFollow, membersOf } from './_members.ts'
import { aProduct, testShop } from './_shop.ts'

test(
  'an order that is not known to be on most members, as after an election, is waited for and found',
  { timeout: 60_000 },
  async () => {
    await using set = await startMongo({ members: 3, electionTimeoutMillis: 1000, enableTestCommands: true })
    await using test = await testShop({ uri: set.uri })
    const { id: productId } = await test.caller.products.create(aProduct())
    const { id } = await test.caller.orders.create({ userId: 'ada', productId, quantity: 1 })
    const [primary, others] = await membersOf(set)
    await using direct = new MongoClient(`mongodb://127.0.0.1:${primary.port}`, { directConnection: true })
    const orders = direct.db(test.database).collection('orders')
    await letFollow(others, false)
    const order = { ...(await orders.findOne({ _id: new ObjectId(id) })), _id: new ObjectId() }
    await orders.insertOne(order, { writeConcern: { w: 1 } })

    const found = test.caller.orders.byId({ id: order._id.toHexString() })
    const waiting = { ns: orders.namespace, 'command.readConcern.level': 'linearizable' }
    const reads = () =>
      direct
        .db('admin')
        .aggregate([{ $currentOp: {} }, { $match: waiting }])
        .toArray()
    await expect.poll(reads).toHaveLength(1)
    await letFollow(others, true)
    expect(await found).toMatchObject({ userId: 'ada', status: 'placed' })
  },
)
