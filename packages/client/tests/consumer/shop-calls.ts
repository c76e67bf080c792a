import type { Inputs, Outputs, ShopClient } from '@stockroom/client'
import { createShopClient, isShopError } from '@stockroom/client'

/** What a team that installs the client would write; pack.test.ts compiles it where the packed client is installed. */
export async function skusOf(url: string): Promise<string[]> {
  const { items } = await createShopClient({ url }).products.list.query()
  return items.map(({ sku }) => sku)
}

export async function buy(shop: ShopClient, order: Inputs['orders']['create']): Promise<Outputs['orders']['create']> {
  try {
    return await shop.orders.create.mutate(order)
  } catch (error) {
    if (!isShopError(error, 'OUT_OF_STOCK')) throw error
    const lines = error.data.shop.details.products.filter(({ available }) => available > 0)
    return buy(shop, {
      userId: order.userId,
      lines: lines.map(({ productId, available }) => ({ productId, quantity: available })),
    })
  }
}

/** Wrong on purpose: tsc reports each line that it does not find an error in. */
export async function mistakes(shop: ShopClient, error: unknown): Promise<void> {
  // @ts-expect-error -- a missing field
  await shop.orders.create.mutate({ productId: '6650f0a2c3d4e5f601234567', quantity: 1 })
  // @ts-expect-error -- a wrong type
  await shop.orders.create.mutate({ userId: 'ada', productId: '6650f0a2c3d4e5f601234567', quantity: '1' })
  // @ts-expect-error -- a field that there is not
  await shop.products.byId.query({ id: '6650f0a2c3d4e5f601234567', color: 'blue' })
  // @ts-expect-error -- a currency that there is not
  await shop.products.create.mutate({ sku: 'A', name: 'A', quantity: 1, price: { amount: 1, currency: 'EURO' } })
  // @ts-expect-error -- a procedure that there is not
  await shop.orders.burn.mutate({ id: '6650f0a2c3d4e5f601234567' })
  const order = await shop.orders.byId.query({ id: '6650f0a2c3d4e5f601234567' })
  // @ts-expect-error -- a time is a Date, not a string
  order.createdAt.slice(0, 10)
  // @ts-expect-error -- details of another error
  if (isShopError(error, 'SKU_TAKEN')) error.data.shop.details.products.at(0)
}
