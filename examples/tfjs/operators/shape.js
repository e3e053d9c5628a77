'use strict';
const tf = require('@tensorflow/tfjs-core');

const {axisOf, listOf, need, op, range} = require('./common');

function broadcastTo({input}, {size}) {
  const start = size.length - input.rank;
  return tf.broadcastTo(input, size.map((n, i) => (n === -1 ? input.shape[i - start] : n)));
}

/** torch counts pieces, the last of them smaller; tf.split takes the sizes. */
function pieces(x, size, axis) {
  const whole = x.shape[axis];
  const count = Math.max(Math.ceil(whole / size), 1);
  return tf.split(x, range(count).map((i) => Math.min(size, whole - i * size)), axis);
}

function chunk({input}, {chunks, dim = 0}) {
  const axis = axisOf(dim, input.rank);
  return pieces(input, Math.max(Math.ceil(input.shape[axis] / chunks), 1), axis);
}

function split({tensor}, {split_size_or_sections: sizes, dim = 0}) {
  const axis = axisOf(dim, tensor.rank);
  return Array.isArray(sizes) ? tf.split(tensor, sizes, axis) : pieces(tensor, sizes, axis);
}

function flatten({input}, {start_dim: start = 0, end_dim: end = -1}) {
  const [first, last] = [axisOf(start, input.rank), axisOf(end, input.rank)];
  const merged = input.shape.slice(first, last + 1).reduce((product, n) => product * n, 1);
  return tf.reshape(input, [...input.shape.slice(0, first), merged, ...input.shape.slice(last + 1)]);
}

function movedim({input}, {source, destination}) {
  const [from, to] = [listOf(source, 1), listOf(destination, 1)].map((all) => all.map((d) => axisOf(d, input.rank)));
  const rest = range(input.rank).filter((axis) => !from.includes(axis));
  const order = range(input.rank).map((axis) => (to.includes(axis) ? from[to.indexOf(axis)] : rest.shift()));
  return tf.transpose(input, order);
}

function permute({input}, {dims}) {
  return tf.transpose(input, dims.map((d) => axisOf(d, input.rank)));
}

function transpose({input}, {dim0, dim1}) {
  const order = range(input.rank);
  const [one, other] = [axisOf(dim0, input.rank), axisOf(dim1, input.rank)];
  [order[one], order[other]] = [other, one];
  return tf.transpose(input, order);
}

function narrow({input}, {dim, start, length}) {
  const axis = axisOf(dim, input.rank);
  const begin = input.shape.map((n, i) => (i === axis ? (start < 0 ? start + n : start) : 0));
  return tf.slice(input, begin, input.shape.map((n, i) => (i === axis ? length : n)));
}

function select({input}, {dim, index}) {
  const axis = axisOf(dim, input.rank);
  return tf.squeeze(narrow({input}, {dim, start: index, length: 1}), [axis]);
}

/** torch squeezes only what has size 1, and leaves the rest as it is. */
function squeeze({input}, {dim = null}) {
  const dims = dim === null ? range(input.rank) : listOf(dim, 1).map((d) => axisOf(d, input.rank));
  const axes = dims.filter((axis) => input.shape[axis] === 1);
  return axes.length ? tf.squeeze(input, axes) : tf.clone(input);
}

function unsqueeze({input}, {dim}) {
  return tf.expandDims(input, dim < 0 ? dim + input.rank + 1 : dim);
}

function indexSelect({input, index}, {dim}) {
  return tf.gather(input, index, axisOf(dim, input.rank));
}

function take({input, index}) {
  need(index.dataSync().every((n) => n >= 0), 'tf.gather does not count from the end');
  return tf.gather(tf.reshape(input, [input.size]), index);
}

/** tf.tile wants a count an axis; torch takes what is missing as 1, of either. */
function tile({input}, {dims}) {
  const rank = Math.max(dims.length, input.rank);
  const grown = tf.reshape(input, [...Array(rank - input.rank).fill(1), ...input.shape]);
  return tf.tile(grown, [...Array(rank - dims.length).fill(1), ...dims]);
}

function unflatten({input}, {dim, sizes}) {
  const axis = axisOf(dim, input.rank);
  const known = sizes.filter((n) => n !== -1).reduce((product, n) => product * n, 1);
  const filled = sizes.map((n) => (n === -1 ? input.shape[axis] / known : n));
  return tf.reshape(input, [...input.shape.slice(0, axis), ...filled, ...input.shape.slice(axis + 1)]);
}

function oneHot({input}, {num_classes: classes = -1}) {
  const depth = classes === -1 ? tf.max(input).dataSync()[0] + 1 : classes;
  return tf.oneHot(input, depth, 1, 0, 'int32');
}

function maskedFill({input, mask}, {value}) {
  return tf.where(mask, tf.fill(input.shape, value), input);
}

/** tf.meshgrid makes two, and only of vectors. */
function meshgrid({tensors}, {indexing = 'ij'}) {
  need(tensors.length === 2, 'tf.meshgrid makes two grids');
  return tf.meshgrid(...tensors, {indexing});
}

/** Returns a pad a axis, of pairs that torch counts from the last axis. */
function pads(rank, pad) {
  return range(rank).map((axis) => [pad[2 * (rank - 1 - axis)] ?? 0, pad[2 * (rank - 1 - axis) + 1] ?? 0]);
}

function padWith({input}, {pad, mode = 'constant', value = 0}) {
  need(['constant', 'reflect'].includes(mode), `TensorFlow.js does not pad by ${mode}`);
  need(pad.every((n) => n >= 0), 'tf.pad does not cut');
  return mode === 'constant'
    ? tf.pad(input, pads(input.rank, pad), value ?? 0)
    : tf.mirrorPad(input, pads(input.rank, pad), 'reflect');
}

module.exports = {
  broadcast_to: op(['size'], broadcastTo),
  cat: op(['dim'], ({tensors}, {dim = 0}) => tf.concat(tensors, axisOf(dim, tensors[0].rank))),
  chunk: op(['chunks', 'dim'], chunk),
  diag: op(['diagonal'], ({input}, {diagonal = 0}) => {
    need(diagonal === 0 && input.rank === 1, 'tf.diag puts a vector on the main diagonal');
    return tf.diag(input);
  }),
  eye_: op([], ({tensor}) => tf.eye(tensor.shape[0], tensor.shape[1])),
  flatten: op(['start_dim', 'end_dim'], flatten),
  flip: op(['dims'], ({input}, {dims}) => tf.reverse(input, dims)),
  index_select: op(['dim'], indexSelect, {indices: ['index']}),
  masked_fill: op(['value'], maskedFill),
  meshgrid: op(['indexing'], meshgrid),
  movedim: op(['source', 'destination'], movedim),
  narrow: op(['dim', 'start', 'length'], narrow),
  one_hot: op(['num_classes'], oneHot, {indices: ['input'], counts: ['output']}),
  pad: op(['pad', 'mode', 'value'], padWith),
  permute: op(['dims'], permute),
  reshape: op(['shape'], ({input}, {shape}) => tf.reshape(input, shape)),
  select: op(['dim', 'index'], select),
  split: op(['split_size_or_sections', 'dim'], split),
  squeeze: op(['dim'], squeeze),
  stack: op(['dim'], ({tensors}, {dim = 0}) => tf.stack(tensors, dim < 0 ? dim + tensors[0].rank + 1 : dim)),
  take: op([], take, {indices: ['index']}),
  tile: op(['dims'], tile),
  transpose: op(['dim0', 'dim1'], transpose),
  unbind: op(['dim'], ({input}, {dim = 0}) => tf.unstack(input, axisOf(dim, input.rank))),
  unflatten: op(['dim', 'sizes'], unflatten),
  unsqueeze: op(['dim'], unsqueeze),
};
