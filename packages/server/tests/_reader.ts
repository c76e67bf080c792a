/** Reads what comes one by one; undefined at the end. */
export function reader<Item>(items: AsyncIterable<Item>) {
  const iterator = items[Symbol.asyncIterator]()
  return {
    next: async () => (await iterator.next()).value as Item | undefined,
    leave: async () => void (await iterator.return?.()),
  }
}
