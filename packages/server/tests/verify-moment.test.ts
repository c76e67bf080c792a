import { verifyShop } from '@stockroom/server'
import { expect, test } from 'vitest'
import { failingMongo } from './_failing.ts'
import { aProduct, testShop } from './_shop.ts'

const mongo = failingMongo()

test('what is sold between two looks of one check is in none of them', async () => {
  await using shop = await testShop({ uri: mongo.uri })
  const { id: productId } = await shop.caller.products.create(aProduct({ quantity: 10 }))
  const order = () => shop.caller.orders.create({ userId: 'ada', productId, quantity: 1 })
  await order()
  const admin = mongo.client.db('admin')
  const data = { failCommands: ['aggregate'], appName: 'verify', blockConnection: true, blockTimeMS: 500 }
  const { count } = await admin.command({ configureFailPoint: 'failCommand', mode: { skip: 1 }, data })
  const checking = verifyShop({ uri: `${mongo.uri}&appName=verify`, database: shop.database })
  await admin.command({ waitForFailPoint: 'failCommand', timesEntered: count + 1, maxTimeMS: 5000 })
  // The first look has been taken, and the second waits.
  await order()
  await admin.command({ configureFailPoint: 'failCommand', mode: 'off' })
  expect(await checking).toMatchObject({ orders: 1, units: 1, differences: [] })
})
