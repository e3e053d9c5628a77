'use strict';
const tf = require('@tensorflow/tfjs-core');

const {need, op, unary} = require('./common');

/** Declares an operator of `input` and `other`, which may be a number among the params. */
function binary(run) {
  return op(['other'], ({input, other}, params) => run(input, other ?? params.other));
}

/** Declares one that adds `alpha` times the other. */
function scaled(run) {
  return op(['alpha'], ({input, other}, {alpha = 1}) => run(input, alpha === 1 ? other : tf.mul(other, alpha)));
}

function clamp({input, min, max}, params) {
  const [low, high] = [params.min ?? min, params.max ?? max];
  const numbers = typeof params.min === 'number' && typeof params.max === 'number';
  if (numbers && low <= high) return tf.clipByValue(input, low, high);
  const raised = low == null ? input : tf.maximum(input, low);
  return high == null ? raised : tf.minimum(raised, high);
}

function div({input, other}, {rounding_mode: mode = null}) {
  need(mode !== 'trunc', 'TensorFlow.js has no division that rounds to zero');
  return mode === 'floor' ? tf.floorDiv(input, other) : tf.div(input, other);
}

function round({input}, {decimals = 0}) {
  need(decimals === 0, 'tf.round takes no decimals');
  return tf.round(input);
}

function addcmul({input, tensor1, tensor2}, {value = 1}) {
  return tf.add(input, tf.mul(tf.mul(tensor1, tensor2), value));
}

function addcdiv({input, tensor1, tensor2}, {value = 1}) {
  return tf.add(input, tf.mul(tf.div(tensor1, tensor2), value));
}

const UNARY = {
  abs: tf.abs,
  acos: tf.acos,
  acosh: tf.acosh,
  asin: tf.asin,
  asinh: tf.asinh,
  atan: tf.atan,
  atanh: tf.atanh,
  ceil: tf.ceil,
  cos: tf.cos,
  cosh: tf.cosh,
  erf: tf.erf,
  exp: tf.exp,
  expm1: tf.expm1,
  floor: tf.floor,
  isfinite: tf.isFinite,
  isinf: tf.isInf,
  isnan: tf.isNaN,
  log: tf.log,
  log1p: tf.log1p,
  logical_not: tf.logicalNot,
  neg: tf.neg,
  reciprocal: tf.reciprocal,
  rsqrt: tf.rsqrt,
  sign: tf.sign,
  sin: tf.sin,
  sinh: tf.sinh,
  sqrt: tf.sqrt,
  square: tf.square,
  tan: tf.tan,
};

const BINARY = {
  atan2: tf.atan2,
  bitwise_and: tf.bitwiseAnd,
  eq: tf.equal,
  floor_divide: tf.floorDiv,
  ge: tf.greaterEqual,
  gt: tf.greater,
  le: tf.lessEqual,
  logical_and: tf.logicalAnd,
  logical_or: tf.logicalOr,
  logical_xor: tf.logicalXor,
  lt: tf.less,
  maximum: tf.maximum,
  minimum: tf.minimum,
  mul: tf.mul,
  ne: tf.notEqual,
  remainder: tf.mod,
};

function declared(table, declare) {
  return Object.fromEntries(Object.entries(table).map(([name, run]) => [name, declare(run)]));
}

module.exports = {
  ...declared(UNARY, unary),
  ...declared(BINARY, binary),
  add: scaled(tf.add),
  addcdiv: op(['value'], addcdiv),
  addcmul: op(['value'], addcmul),
  clamp: op(['min', 'max'], clamp),
  div: op(['rounding_mode'], div),
  pow: op(['exponent'], ({input, exponent}, params) => tf.pow(input, exponent ?? params.exponent)),
  round: op(['decimals'], round),
  sub: scaled(tf.sub),
  where: op([], ({condition, input, other}) => tf.where(condition, input, other)),
};
