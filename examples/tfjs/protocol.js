'use strict';
/**
 * The harness's wire protocol, version 1, and nothing of TensorFlow.js: an 8-byte length and a safetensors blob.
 *
 * A message here is `{body, tensors}`: the JSON under the metadata key `message`, and a Map from name to
 * `{dtype, shape, data}` with safetensors' name of the dtype and a typed array.
 */

const VERSION = 1;
/** The longest message that is read: beyond it the length is taken for rubbish, not for a reason to allocate. */
const LONGEST = 2 ** 34;

/** Safetensors' dtypes that have a typed array. BOOL is one byte, 0 or 1. */
const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};

/** The other side does not keep to the protocol. */
class ProtocolError extends Error {}

/** Returns a safetensors blob in parts: its header, and the bytes of each tensor where they lie. */
function encode(body, tensors = new Map()) {
  const header = {__metadata__: {message: JSON.stringify(body)}};
  const parts = [];
  let end = 0;
  for (const [name, {dtype, shape, data}] of tensors) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    header[name] = {dtype, shape, data_offsets: [end, end + bytes.length]};
    end += bytes.length;
    parts.push(bytes);
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(text.length / 8) * 8, ' '); // so that the numbers begin at a multiple of 8
  text.copy(padded);
  return [Buffer.concat([lengthOf(padded.length), padded]), ...parts];
}

/** Returns the message in a safetensors blob. Throws `ProtocolError` for what is none. */
function decode(blob) {
  if (blob.length < 8) throw new ProtocolError(`a message of ${blob.length} bytes has no room for its header's length`);
  const length = blob.readBigUInt64LE(0);
  if (length > BigInt(blob.length - 8)) throw new ProtocolError(`the header is said to have ${length} bytes`);
  const start = 8 + Number(length);
  const {__metadata__: metadata, ...entries} = parsed(blob.toString('utf8', 8, start), 'the header');
  if (typeof metadata?.message !== 'string') throw new ProtocolError('there is no message in the metadata');
  const tensors = new Map();
  const numbers = blob.subarray(start);
  let used = 0;
  for (const [name, entry] of Object.entries(entries).sort(byPlace)) {
    const tensor = tensorOf(name, entry, numbers, used);
    used += tensor.data.byteLength;
    tensors.set(name, tensor);
  }
  if (used !== numbers.length) throw new ProtocolError(`${numbers.length} bytes of numbers, ${used} named`);
  return {body: parsed(metadata.message, 'the message'), tensors};
}

function byPlace([, one], [, other]) {
  const [a, b] = [one?.data_offsets ?? [], other?.data_offsets ?? []];
  return a[0] - b[0] || a[1] - b[1] || 0;
}

function tensorOf(name, entry, numbers, place) {
  const {dtype, shape, data_offsets: offsets} = entry ?? {};
  const Numbers = ARRAYS[dtype];
  if (!Numbers) throw new ProtocolError(`tensor ${name} has the dtype ${dtype}`);
  if (!areSizes(shape) || !areSizes(offsets)) throw new ProtocolError(`tensor ${name} has no shape or no place`);
  const bytes = shape.reduce((product, n) => product * n, Numbers.BYTES_PER_ELEMENT);
  const [begin, end] = offsets;
  if (offsets.length !== 2 || begin !== place || end - begin !== bytes || end > numbers.length) {
    throw new ProtocolError(`tensor ${name} of ${bytes} bytes is due at ${place}, and lies at ${offsets}`);
  }
  const start = numbers.byteOffset + begin;
  if (start % Numbers.BYTES_PER_ELEMENT === 0) {
    return {dtype, shape, data: new Numbers(numbers.buffer, start, bytes / Numbers.BYTES_PER_ELEMENT)};
  }
  const copy = new Uint8Array(numbers.subarray(begin, end)); // a typed array begins at a multiple of its element
  return {dtype, shape, data: new Numbers(copy.buffer)};
}

function areSizes(value) {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function parsed(text, what) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ProtocolError(`${what} is no JSON: ${error.message}`);
  }
  if (Object.prototype.toString.call(value) !== '[object Object]') throw new ProtocolError(`${what} is no object`);
  return value;
}

function lengthOf(n) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(n));
  return bytes;
}

/** Returns a param as JavaScript has it: JSON lacks inf and nan, so these come as `{"float": "inf"}`. */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  if (typeof value.float === 'string') return {inf: Infinity, '-inf': -Infinity, nan: NaN}[value.float];
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

/** Yields the blob of each message of a stream, however the stream cuts them; throws when it ends within one. */
async function* messages(stream) {
  let chunks = [];
  let held = 0;
  let wanted = 8;
  let inside = false;
  for await (const chunk of stream) {
    chunks.push(chunk);
    held += chunk.length;
    while (held >= wanted) {
      const all = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, held); // joined once a message, not a chunk
      const part = all.subarray(0, wanted);
      chunks = [all.subarray(wanted)];
      held -= wanted;
      if (inside) yield part;
      wanted = inside ? 8 : Number(part.readBigUInt64LE(0));
      inside = !inside;
      if (wanted > LONGEST) throw new ProtocolError(`a message is said to have ${wanted} bytes`);
    }
  }
  if (held > 0 || inside) throw new ProtocolError('the stream ends within a message');
}

/** Writes a message, and returns when the stream has room again: what the reader has not taken is not piled up here. */
async function send(stream, body, tensors) {
  const parts = encode(body, tensors);
  stream.cork();
  stream.write(lengthOf(parts.reduce((length, part) => length + part.length, 0)));
  const roomy = parts.map((part) => stream.write(part)).at(-1);
  stream.uncork();
  if (!roomy) await new Promise((resolve) => stream.once('drain', resolve));
}

module.exports = {ARRAYS, ProtocolError, VERSION, decode, encode, messages, plain, send};
