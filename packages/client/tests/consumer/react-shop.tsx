import type { Outputs, ShopClient } from '@stockroom/client'
import { ShopProvider, useShop } from '@stockroom/client/react'
import type { QueryClient } from '@tanstack/react-query'
import { QueryClientProvider, useMutation, useQuery } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'
import { useState } from 'react'

/** The recipe of docs/react.md: react.test.ts renders it, and pack.test.ts compiles it with the packed client. */
export function ShopPage({ client, queryClient }: { client: ShopClient; queryClient: QueryClient }) {
  return (
    <QueryClientProvider client={queryClient}>
      <ShopProvider trpcClient={client} queryClient={queryClient}>
        <Catalogue />
      </ShopProvider>
    </QueryClientProvider>
  )
}

type Product = Outputs['products']['byId']
type Told = ReadonlyMap<string, Product | null>

/** The list and the watch overtake each other: of what they say of a product, the higher revision is the newer. */
export function upToDate(items: readonly Product[], told: Told): Product[] {
  return items.flatMap((item) => {
    const product = told.get(item.id)
    if (product === null) return []
    return product && product.revision > item.revision ? product : item
  })
}

function Catalogue() {
  const { products, orders } = useShop()
  const [told, setTold] = useState<Told>(new Map())
  const { data } = useQuery(products.list.queryOptions({}))
  const buying = useMutation(orders.create.mutationOptions())

  useSubscription(
    products.watch.subscriptionOptions(
      {},
      { onData: ({ data: { id, product } }) => setTold((before) => new Map(before).set(id, product)) },
    ),
  )

  return (
    <ul>
      {upToDate(data?.items ?? [], told).map(({ id, name, quantity }) => (
        <li key={id}>
          {`${name}: ${quantity} left`}
          <button onClick={() => buying.mutate({ userId: 'ada', productId: id, quantity: 1 })}>Buy one</button>
        </li>
      ))}
    </ul>
  )
}
