'use strict';
const tf = require('@tensorflow/tfjs-core');

const {need, op} = require('./common');

/** Declares alpha * product + beta * input. */
function plusProduct(left, right, product) {
  return op(['alpha', 'beta'], (x, {alpha = 1, beta = 1}) =>
    beta === 0 // torch does not look at the input then
      ? tf.mul(product(x[left], x[right]), alpha)
      : tf.add(tf.mul(x.input, beta), tf.mul(product(x[left], x[right]), alpha)),
  );
}

/** torch.matmul: vectors are rows or columns, batches broadcast, which tf.matMul does too. */
function matmul({input, other}) {
  if (input.rank === 1 && other.rank === 1) return tf.dot(input, other);
  if (other.rank === 1) return tf.squeeze(tf.matMul(input, tf.expandDims(other, 1)), [-1]);
  if (input.rank === 1) return tf.squeeze(tf.matMul(tf.expandDims(input, 0), other), [-2]);
  return tf.matMul(input, other);
}

function sizeOf(shape) {
  return shape.reduce((product, n) => product * n, 1);
}

function linear({input, weight, bias}) {
  const rows = tf.reshape(input, [sizeOf(input.shape.slice(0, -1)), input.shape[input.rank - 1]]);
  const y = tf.matMul(rows, weight.rank === 1 ? tf.expandDims(weight, 0) : weight, false, true);
  const shape = [...input.shape.slice(0, -1), ...(weight.rank === 1 ? [] : [weight.shape[0]])];
  return tf.reshape(bias ? tf.add(y, bias) : y, shape);
}

function qr({A}, {mode = 'reduced'}) {
  need(mode !== 'r', 'tf.linalg.qr gives Q too');
  return tf.linalg.qr(A, mode === 'complete');
}

/** Keeps `lower` diagonals below the main one and `upper` above; null keeps all of them. */
function band({input}, lower, upper) {
  need(lower === null || lower >= 0, 'tf.linalg.bandPart always keeps the main diagonal');
  need(upper === null || upper >= 0, 'tf.linalg.bandPart always keeps the main diagonal');
  const [rows, columns] = input.shape.slice(-2);
  const below = lower === null ? -1 : Math.min(lower, rows);
  return tf.linalg.bandPart(input, below, upper === null ? -1 : Math.min(upper, columns));
}

module.exports = {
  addbmm: plusProduct('batch1', 'batch2', (a, b) => tf.sum(tf.matMul(a, b), 0)),
  addmm: plusProduct('mat1', 'mat2', tf.matMul),
  addmv: plusProduct('mat', 'vec', tf.dot),
  baddbmm: plusProduct('batch1', 'batch2', tf.matMul),
  bmm: op([], ({input, mat2}) => tf.matMul(input, mat2)),
  dot: op([], ({input, tensor}) => tf.dot(input, tensor)),
  einsum: op(['equation'], ({operands}, {equation}) => tf.einsum(equation, ...operands)),
  linear: op([], linear),
  matmul: op([], matmul),
  mm: op([], ({input, mat2}) => tf.matMul(input, mat2)),
  multi_dot: op([], ({tensors}) => tensors.reduce((input, other) => matmul({input, other}))),
  mv: op([], ({input, vec}) => tf.dot(input, vec)),
  outer: op([], ({input, vec2}) => tf.outerProduct(input, vec2)),
  qr: op(['mode'], qr),
  tril: op(['diagonal'], ({input}, {diagonal = 0}) => band({input}, null, diagonal)),
  triu: op(['diagonal'], ({input}, {diagonal = 0}) => band({input}, -diagonal, null)),
};
