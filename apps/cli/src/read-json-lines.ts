import { StringDecoder } from 'node:string_decoder'
import { PassThrough } from 'node:stream'
import { CliError } from './errors.ts'
import type { InputFile } from './input-file.ts'
import type { Row } from './read-rows.ts'

const MAX_LINE_CHARACTERS = 1024 * 1024

/** One JSON object a line; blank lines are passed over. */
export async function* readJsonLines(input: InputFile): AsyncGenerator<Row> {
  let number = 0
  for await (const line of readLines(input)) {
    number++
    const text = (number === 1 ? line.replace(/^\uFEFF/, '') : line).trim()
    if (number === 1 && text.startsWith('['))
      throw new CliError(`${input.name} holds a JSON array: write one object a line instead (jq -c '.[]' does that).`)
    if (text !== '') yield { number, ...parseLine(text) }
  }
}

function parseLine(text: string): Omit<Row, 'number'> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { fields: { ...value } }
  } catch {
    return { problem: 'not valid JSON' }
  }
  return { problem: 'not a JSON object' }
}

async function* readLines(input: InputFile): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of input.into(new PassThrough()) as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_CHARACTERS)
      throw new CliError(`${input.name} has a line of more than 1 MiB: a row is at most that long.`)
    yield* lines
  }
  rest += decoder.end()
  if (rest !== '') yield rest
}
