import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PreparingClient } from '../../src/store/preparing-client.ts'
import { aDatabase } from '../harness/postgres.ts'

const { pool } = await aDatabase()

async function aConnection() {
  const client = await pool.connect()
  return {
    client,
    kept: async () => (await client.query('select statement from pg_prepared_statements')).rows.map(({ statement }) => statement),
    [Symbol.dispose]: () => client.release(),
  }
}

test('a statement with parameters is planned once and kept', async () => {
  using connection = await aConnection()
  assert.ok(connection.client instanceof PreparingClient)
  for (const value of [1, 2, 3]) assert.equal((await connection.client.query('select $1::int as value', [value])).rows[0].value, value)
  assert.deepEqual(await connection.kept(), ['select $1::int as value'])
})

test('statements without parameters, and those as long as their data, are not kept', async () => {
  using connection = await aConnection()
  await connection.client.query('select 7')
  for (const rows of [30, 40]) {
    const values = Array.from({ length: rows }, (_, index) => index)
    const text = `select count(*)::int as count from (values ${values.map((value) => `($${value + 1}::int)`).join(', ')}) as v`
    assert.equal((await connection.client.query(text, values)).rows[0].count, rows)
  }
  assert.equal((await connection.kept()).filter((text) => text.includes('$30')).length, 0)
})

test('one that fails says why, and works with other values', async () => {
  using connection = await aConnection()
  const divide = (by: number) => connection.client.query('select 6 / $1::int as value', [by])
  await assert.rejects(divide(0), /division by zero/)
  assert.equal((await divide(3)).rows[0].value, 2)
})
