/** What to do with a damaged store: it works whether the store can be opened or not. */
export function remedy(file: string): string {
  return `Save what can be read with \`hivewax recover NEW-FILE --from ${file}\`. Then move ${file} and what lies beside it (-wal, -shm) elsewhere, and \`hivewax restore\` that new file, or the latest backup.`
}
