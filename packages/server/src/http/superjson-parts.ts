import { transformer } from '../transformer.ts'
import { onceEach } from './once-each.ts'
import type { Parts } from './pieces.ts'
import { listPieces } from './pieces.ts'
import { isPage } from './ready-procedures.ts'

/** A resource as superjson writes it, and where in it the dates stand. */
interface Resource {
  readonly json: string
  readonly dates: readonly string[]
}

/** What superjson makes of one resource, or of a page of them, put together from what it makes of each. */
export function superjsonParts(parse: (resource: unknown) => unknown): (output: unknown) => Parts {
  const resourceOf = onceEach((resource: object) => toResource(parse(resource)))
  const jsonPieces = listPieces((resource) => resourceOf(resource).json)
  const datePieces = listPieces((resource, index) =>
    resourceOf(resource)
      .dates.map((date) => dateAt(`items.${index}.${date}`))
      .join(','),
  )

  return (output) => {
    if (isPage(output)) {
      const cursor = JSON.stringify(output.nextCursor)
      const json = ['{"items":[', ...jsonPieces(output.items), `],"nextCursor":${cursor}}`]
      return whole(json, datePieces(output.items))
    }
    const { json, dates } = resourceOf(output as object)
    return whole([json], dates.length > 0 ? [dates.map(dateAt).join(',')] : [])
  }
}

const dateAt = (path: string): string => `${JSON.stringify(path)}:["Date"]`

const whole = (json: Parts, dates: Parts): Parts =>
  dates.length === 0 ? ['{"json":', ...json, '}'] : ['{"json":', ...json, ',"meta":{"values":{', ...dates, '},"v":1}}']

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
