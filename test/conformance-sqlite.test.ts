import { conform } from './conformance/conform.ts'
import { openScratch } from './support/memory.ts'

conform('sqlite', openScratch)
