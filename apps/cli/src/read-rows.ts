import { CliError } from './errors.ts'
import type { InputFile } from './input-file.ts'
import { explainReading } from './input-file.ts'
import { readCsv } from './read-csv.ts'
import { readJsonLines } from './read-json-lines.ts'

/** A row of a file: what stands in it, or why it cannot be read. */
export interface Row {
  /** As an editor or a spreadsheet counts: the first row of the file, header or not, is 1. */
  readonly number: number
  readonly fields?: Readonly<Record<string, unknown>>
  readonly problem?: string
}

export interface RowsOptions {
  /** Of a CSV file: columns without which it makes no sense to begin, and what to do where one is missing. */
  readonly required: readonly string[]
  readonly hint: string
}

/** The rows of a file, one by one. Throws CliError where the file as a whole cannot be read. */
export async function* readRows(input: InputFile, { required, hint }: RowsOptions): AsyncGenerator<Row> {
  const assertColumns = (columns: readonly string[]) => {
    const twice = columns.find((column, index) => columns.indexOf(column) !== index)
    if (twice !== undefined)
      throw new CliError(`${input.name} has two columns ${quoted([twice])}: rename or remove one of them.`)
    const missing = required.filter((column) => !columns.includes(column))
    if (missing.length === 0) return
    throw new CliError(`${input.name} has no column ${quoted(missing)}; it has ${quoted(columns) || 'none'}. ${hint}`)
  }
  try {
    yield* input.format === 'csv' ? readCsv(input, assertColumns) : readJsonLines(input)
  } catch (error) {
    throw explainReading(error, input.name)
  }
}

const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ')
