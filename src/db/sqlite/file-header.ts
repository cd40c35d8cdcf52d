/** The first bytes of every SQLite database. */
const magic = Buffer.from('SQLite format 3\0', 'latin1')

/** The length of the header, with which the first page begins. */
export const headerBytes = 100

/** What a database says of itself, https://sqlite.org/fileformat2.html#the_database_header */
export interface FileHeader {
  /** False in rollback mode: then a log beside it is of another database. Else what was written may still be there. */
  readonly usesLog: boolean
  readonly applicationId: number
}

/** Reads it from the first bytes of a file; undefined when they are not those of a database. */
export function parseHeader(bytes: Buffer): FileHeader | undefined {
  if (bytes.length < headerBytes || !bytes.subarray(0, magic.length).equals(magic)) return undefined
  return { usesLog: !(bytes[18] === 1 && bytes[19] === 1), applicationId: bytes.readInt32BE(68) }
}
