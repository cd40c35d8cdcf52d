/** A test that does not hold on one engine, and why it need not. */
export interface Difference {
  engine: 'postgres'
  suite: string
  test: string
  why: string
}

/** All that an engine does otherwise than the suites say. A test that is listed here must fail. */
export const differences: readonly Difference[] = [
  {
    engine: 'postgres',
    suite: 'task queue',
    test: 'claims what plain SQL inserted, whatever its times are',
    why: 'a column of times takes times only',
  },
  {
    engine: 'postgres',
    suite: 'task queue',
    test: 'is not held up by a row without an id, which the documented table allows',
    why: 'a primary key is never null',
  },
  {
    engine: 'postgres',
    suite: 'task queue',
    test: 'is not held up by many running rows without an id, nor are lists',
    why: 'a primary key is never null',
  },
]
