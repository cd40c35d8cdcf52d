declare module 'virtual:operations' {
  interface OperationFacts {
    readonly permission: import('../../../src/permission.ts').Permission
    readonly effect: 'read' | 'write' | 'destroy'
    /** The words of the command line that do the same. */
    readonly command: string
  }
  export const operations: Readonly<Record<import('./answers.ts').OperationName, OperationFacts>>
}
