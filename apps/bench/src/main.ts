import { benchProgram } from './program.ts'

const args = process.argv.slice(2)
try {
  await benchProgram(args).parseAsync(args, { from: 'user' })
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
}
