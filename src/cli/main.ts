import { main } from './program.ts'

main(process.argv.slice(2)).then(exitCode => {
  process.exitCode = exitCode
})
