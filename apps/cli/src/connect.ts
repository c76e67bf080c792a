import type { ShopClient } from '@stockroom/client'
import { createShopClient } from '@stockroom/client'
import { CliError, explainCall } from './errors.ts'

/** A client of the shop at `url`, once that has answered. */
export async function connect(url: string): Promise<ShopClient> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CliError(`"${url}" is not the address of a shop: give one such as http://localhost:8000.`)
  const client = createShopClient({ url })
  try {
    await client.products.list.query({ limit: 1 })
  } catch (error) {
    throw explainCall(error, url)
  }
  return client
}
