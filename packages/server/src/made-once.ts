/**
 * What `make` gives of a value, made once as long as it is asked for the same one. An answer is made ready while its
 * order is being committed, and made again only where another one is committed.
 */
export function madeOnce<From, To>(make: (from: From) => To): (from: From) => To {
  let last: { readonly from: From; readonly to: To } | undefined
  return (from) => {
    if (!last || last.from !== from) last = { from, to: make(from) }
    return last.to
  }
}
