import { setFlagsFromString } from 'node:v8'
import { environment, readConfig } from './config.ts'
import { run } from './run.ts'

// Calls leave garbage that lives just long enough to grow the heap by hundreds of megabytes before it is collected.
setFlagsFromString('--heap-growing-percent=25')

// Whoever reads the report may have seen enough of it, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

const config = readConfig(environment, process.cwd())
const io = { in: process.stdin, out: process.stdout, err: process.stderr }
process.exitCode = await run(process.argv.slice(2), { config, io })
