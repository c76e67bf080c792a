import { createCaller, openShop } from '@stockroom/server'

/** A process that buys one product as fast as it can, until it is killed. Says on stdout when it has begun. */
const [uri = '', database = '', productId = ''] = process.argv.slice(2)
const shop = await openShop({ uri, database })
const caller = createCaller({ shop })
await caller.orders.create({ userId: 'buyer', productId, quantity: 1 })
process.stdout.write('buying\n')
await Promise.all(
  Array.from({ length: 64 }, async () => {
    for (;;) await caller.orders.create({ userId: 'buyer', productId, quantity: 1 })
  }),
)
