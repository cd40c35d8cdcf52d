import { conform } from './conformance/conform.ts'
import { openPostgresScratch } from './support/postgres.ts'

conform('postgres', openPostgresScratch)
