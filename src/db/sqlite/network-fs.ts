import fs from 'node:fs'
import { Unsupported } from '../../errors.ts'

/** Types of statfs(2) of file systems on which WAL's shared memory is not shared: linux/magic.h. */
const networkFs = new Map<number, string>([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
])

/** The kind of network file system that a folder is on, or undefined for a local one. */
export function networkFsOf(folder: string): string | undefined {
  return networkFs.get(fs.statfsSync(folder).type)
}

/** @throws Unsupported when the folder is on a network file system */
export function refuseNetworkFs(folder: string): void {
  const name = networkFsOf(folder)
  if (name === undefined) return
  throw new Unsupported(`${folder} is on a network file system (${name}), where SQLite loses writes`, {
    hint: 'Use a local disk, or pass allowNetworkFs when only one machine will ever open it.',
  })
}
