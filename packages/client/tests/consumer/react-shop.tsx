import type { ShopClient } from '@stockroom/client'
import { ShopProvider, useShop } from '@stockroom/client/react'
import type { QueryClient } from '@tanstack/react-query'
import { QueryClientProvider, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'

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

function Catalogue() {
  const { products, orders } = useShop()
  const queries = useQueryClient()
  const { data } = useQuery(products.list.queryOptions({}))
  const buying = useMutation(orders.create.mutationOptions())

  useSubscription(
    products.watch.subscriptionOptions(
      {},
      {
        onData({ data: { id, product } }) {
          queries.setQueryData(products.list.queryKey({}), (page) => {
            return page && { ...page, items: page.items.flatMap((item) => (item.id === id ? (product ?? []) : item)) }
          })
        },
      },
    ),
  )

  return (
    <ul>
      {data?.items.map(({ id, name, quantity }) => (
        <li key={id}>
          {`${name}: ${quantity} left`}
          <button onClick={() => buying.mutate({ userId: 'ada', productId: id, quantity: 1 })}>Buy one</button>
        </li>
      ))}
    </ul>
  )
}
