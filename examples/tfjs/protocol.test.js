'use strict';
const assert = require('node:assert/strict');
const {PassThrough, Readable} = require('node:stream');
const {test} = require('node:test');

const {ARRAYS, ProtocolError, decode, encode, messages, plain, send} = require('./protocol');

function framed(blob) {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(blob.length));
  return Buffer.concat([length, blob]);
}

function blobOf(header, numbers = Buffer.alloc(0)) {
  return Buffer.concat([framed(Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))), numbers]);
}

function blob(body, tensors) {
  return Buffer.concat(encode(body, tensors));
}

const said = {__metadata__: {message: '{"type": "run"}'}};

async function all(chunks) {
  const found = [];
  for await (const message of messages(Readable.from(chunks))) found.push(Buffer.from(message));
  return found;
}

test('every dtype comes back, in the bytes of its numbers', () => {
  const tensors = new Map();
  for (const [dtype, Numbers] of Object.entries(ARRAYS)) {
    const one = Numbers.name.startsWith('Big') ? 1n : 1;
    tensors.set(`inputs/${dtype}`, {dtype, shape: [3, 1], data: Numbers.from([one, one, one])});
  }
  const {body, tensors: back} = decode(blob({type: 'run'}, tensors));
  assert.deepEqual(body, {type: 'run'});
  assert.deepEqual(back, tensors);
});

test('nan, infinities, -0 and the largest integers survive', () => {
  const floats = Float32Array.from([NaN, Infinity, -Infinity, -0]);
  const integers = BigInt64Array.from([2n ** 63n - 1n, -(2n ** 63n)]);
  const sent = new Map([
    ['f', {dtype: 'F32', shape: [4], data: floats}],
    ['i', {dtype: 'I64', shape: [2], data: integers}],
  ]);
  const {tensors} = decode(blob({}, sent));
  assert.ok(Object.is(tensors.get('f').data[3], -0));
  assert.deepEqual(tensors.get('f').data, floats);
  assert.deepEqual(tensors.get('i').data, integers);
});

test('scalars and empty arrays', () => {
  const tensors = new Map([
    ['scalar', {dtype: 'F32', shape: [], data: Float32Array.of(2.5)}],
    ['empty', {dtype: 'I32', shape: [2, 0, 3], data: new Int32Array(0)}],
  ]);
  assert.deepEqual(decode(blob({}, tensors)).tensors, tensors);
});

test('tensors in any order, and a header of any length', () => {
  const numbers = Buffer.from(Float32Array.of(1, 2).buffer);
  const header = {
    late: {dtype: 'F32', shape: [1], data_offsets: [4, 8]},
    ...said,
    early: {dtype: 'F32', shape: [], data_offsets: [0, 4]},
  };
  for (const spaces of ['', ' ', '  ', '   ']) {
    const {tensors} = decode(blobOf(JSON.stringify(header) + spaces, numbers));
    assert.deepEqual([tensors.get('early').data[0], tensors.get('late').data[0]], [1, 2]);
  }
});

test('a message that lies is refused', () => {
  const four = Buffer.alloc(4);
  const entry = {dtype: 'F32', shape: [1], data_offsets: [0, 4]};
  const lies = [
    Buffer.alloc(0),
    Buffer.from('short'),
    Buffer.concat([Buffer.from([255, 255, 255, 255, 255, 255, 255, 255]), four]),
    blobOf('{'),
    blobOf('[]'),
    blobOf('null'),
    blobOf({}),
    blobOf({__metadata__: {message: 'no JSON'}}),
    blobOf({__metadata__: {message: 7}}),
    blobOf({...said, x: null}, four),
    blobOf({...said, x: {...entry, dtype: 'F8'}}, four),
    blobOf({...said, x: {...entry, shape: [2]}}, four),
    blobOf({...said, x: {...entry, shape: [-1]}}, four),
    blobOf({...said, x: {...entry, shape: 1}}, four),
    blobOf({...said, x: {...entry, data_offsets: [0, 8]}}, four),
    blobOf({...said, x: {...entry, data_offsets: [4, 8]}}, four),
    blobOf({...said, x: {...entry, data_offsets: [0]}}, four),
    blobOf(said, four),
    blobOf({...said, x: entry, y: entry}, Buffer.alloc(8)),
  ];
  for (const lie of lies) assert.throws(() => decode(lie), ProtocolError, lie.toString());
});

test('params that JSON lacks', () => {
  assert.deepEqual(plain({a: {float: 'inf'}, b: [{float: '-inf'}, 1], c: {float: 'nan'}, d: null}), {
    a: Infinity,
    b: [-Infinity, 1],
    c: NaN,
    d: null,
  });
});

test('a stream may cut messages anywhere', async () => {
  const sent = ['one', '', 'three'].map((text) => Buffer.from(text));
  const bytes = Buffer.concat(sent.map(framed));
  for (const size of [1, 3, 8, 11, bytes.length]) {
    const chunks = [];
    for (let i = 0; i < bytes.length; i += size) chunks.push(bytes.subarray(i, i + size));
    assert.deepEqual(await all(chunks), sent);
  }
});

test('a stream that ends within a message, or announces too long a one', async () => {
  await assert.rejects(all([Buffer.alloc(3)]), ProtocolError);
  await assert.rejects(all([framed(Buffer.from('abc')).subarray(0, 10)]), ProtocolError);
  await assert.rejects(all([Buffer.alloc(8, 255)]), ProtocolError);
});

test('a large message waits until the reader takes it', async () => {
  const pipe = new PassThrough({highWaterMark: 1024});
  const data = new Float32Array(1 << 20).fill(3);
  let done = false;
  const sending = send(pipe, {type: 'outputs'}, new Map([['x', {dtype: 'F32', shape: [1 << 20], data}]])).then(() => {
    done = true;
    pipe.end();
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(done, false);
  const [message] = await all(pipe);
  await sending;
  assert.deepEqual(decode(message).tensors.get('x').data, data);
});
