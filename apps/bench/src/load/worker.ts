import { onJob } from '../child.ts'
import { generateLoad } from './load.ts'

onJob(generateLoad)
