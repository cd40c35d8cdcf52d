import { conform } from './conformance/conform.ts'
import { openHttpScratch } from './support/server.ts'

conform('http', openHttpScratch)
