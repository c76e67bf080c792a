import type { Operation } from './rest-operations.ts'

interface Found<Value> {
  readonly value: Value
  readonly params: Readonly<Record<string, string>>
}

export type Find<Value> = (method: string | undefined, path: string) => Found<Value> | undefined

/** Finds what belongs to the operation whose route a request takes. */
export function finder<Value>(operations: ReadonlyMap<Operation, Value>): Find<Value> {
  const routes = Array.from(operations, ([{ route }, value]) =>
    [route.path, route.alias ?? []].flat().map((path) => ({ method: route.method, pattern: patternOf(path), value })),
  ).flat()
  return (method, path) => {
    for (const route of routes) {
      const match = route.method === method && route.pattern.exec(path)
      if (match) return { value: route.value, params: match.groups ?? {} }
    }
    return undefined
  }
}

/** `/orders/{order_id}` as an expression that names the parts. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`)
}
