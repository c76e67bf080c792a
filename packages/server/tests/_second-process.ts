import { openShop } from '@stockroom/server'
import { buyAndRead } from './_buy-and-read.ts'

/**
 * A second process of the shop: places orders for all its products and reads them all the while. Says on stdout that
 * it has placed them; then, when it sees every product at the quantity that is written to its standard input, which of
 * them it ever saw go back.
 */
const [uri = '', database = '', orders = '0'] = process.argv.slice(2)
await using shop = await openShop({ uri, database })
const reader = await buyAndRead(shop, Number(orders))
process.stdout.write('placed\n')
for await (const quantity of process.stdin) {
  while ((await reader.quantities()).some((each) => each !== Number(quantity))) await new Promise(setImmediate)
  break
}
process.stdout.write(`${JSON.stringify(reader.wentBack())}\n`)
