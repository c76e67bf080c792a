import { transformer } from '../transformer.ts'
import { onceEach } from './once-each.ts'
import { isPage } from './ready-procedures.ts'

/** A resource as superjson writes it, and where in it the dates stand. */
interface Resource {
  readonly json: string
  readonly dates: readonly string[]
}

/** The text that superjson makes of one resource or of a page of them, put together from the texts of each. */
export function superjsonText(parse: (resource: unknown) => unknown): (output: unknown) => string {
  const resourceOf = onceEach((resource: object) => toResource(parse(resource)))

  return (output) => {
    if (!isPage(output)) {
      const { json, dates } = resourceOf(output as object)
      return whole(json, dates.map(dateAt))
    }
    const resources = output.items.map(resourceOf)
    const json = `{"items":[${resources.map(({ json }) => json).join(',')}],"nextCursor":${JSON.stringify(output.nextCursor)}}`
    return whole(
      json,
      resources.flatMap(({ dates }, index) => dates.map((date) => dateAt(`items.${index}.${date}`))),
    )
  }
}

const dateAt = (path: string): string => `${JSON.stringify(path)}:["Date"]`

const whole = (json: string, dates: readonly string[]): string =>
  dates.length === 0 ? `{"json":${json}}` : `{"json":${json},"meta":{"values":{${dates.join(',')}},"v":1}}`

function toResource(value: unknown): Resource {
  const { json, meta } = transformer.serialize(value) as { json: unknown; meta?: Meta }
  const { values = {}, v: _, ...more } = meta ?? {}
  // What superjson says of a whole, such as of one object that stands in two places, cannot be put together.
  if (Object.keys(more).length > 0 || Object.values(values).some((types) => String(types) !== 'Date'))
    throw new Error('a ready answer holds more than dates beside what JSON has')
  return { json: JSON.stringify(json), dates: Object.keys(values) }
}

interface Meta {
  readonly values?: Readonly<Record<string, unknown>>
  readonly v?: number
}
