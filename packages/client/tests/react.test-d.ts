import type { Outputs, ShopClient } from '@stockroom/client'
import { useShop, useShopClient } from '@stockroom/client/react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'
import { expectTypeOf, test } from 'vitest'

type Product = Outputs['products']['byId']

test('the hooks of TanStack Query know what each procedure takes and answers', () => {
  const { products, orders } = useShop()
  expectTypeOf(useQuery(products.byId.queryOptions({ id: 'x' })).data).toEqualTypeOf<Product | undefined>()
  expectTypeOf(useMutation(orders.create.mutationOptions()).data).toEqualTypeOf<
    Outputs['orders']['create'] | undefined
  >()
  // @ts-expect-error -- it needs an id
  products.byId.queryOptions({})
  // @ts-expect-error -- no such procedure
  void orders.burn
})

test('and those of subscriptions what comes', () => {
  const { products, orders } = useShop()
  products.watch.subscriptionOptions(
    { category: 'Kitchen' },
    {
      onData: ({ data }) => expectTypeOf(data).toEqualTypeOf<{ id: string; product: Product | null }>(),
    },
  )
  const { data } = useSubscription(orders.watch.subscriptionOptions({ id: 'x' }))
  expectTypeOf(data).toEqualTypeOf<{ id: string; data: Outputs['orders']['byId'] } | undefined>()
})

test('the client is the shop client', () => {
  expectTypeOf(useShopClient).returns.toEqualTypeOf<ShopClient>()
})
