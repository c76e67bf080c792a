/** What `make` gives of an object, made once. For objects that never change. */
export function onceEach<Item extends object, Made>(make: (item: Item) => Made): (item: Item) => Made {
  const made = new WeakMap<Item, Made>()
  return (item) => {
    let known = made.get(item)
    if (known === undefined) {
      known = make(item)
      made.set(item, known)
    }
    return known
  }
}
