import type { Profile } from './profiles.ts'

/** Puts the products of a run on sale, before anything is broken. Gives their ids. */
export async function stockShop(port: number, { products, stock }: Profile): Promise<string[]> {
  const ids: string[] = []
  for (let index = 0; index < products; index++) {
    const response = await fetch(`http://127.0.0.1:${port}/products`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        sku: `SKU-${index}`,
        name: `Product ${index}`,
        price: { amount: 101 + 37 * index, currency: 'EUR' },
        quantity: stock,
      }),
    })
    if (response.status !== 201) throw new Error(`A product cannot be created: ${await response.text()}`)
    ids.push(((await response.json()) as { product_id: string }).product_id)
  }
  return ids
}
