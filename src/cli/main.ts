import { main } from './program.ts'

// Until it has ended: should it wait for something that never comes, Node ends with this.
process.exitCode = 1
main(process.argv.slice(2)).then(exitCode => {
  process.exitCode = exitCode
})
