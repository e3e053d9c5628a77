'use strict';
const tf = require('@tensorflow/tfjs-core');

const {listOf, need, onImages, op, range} = require('./common');

/** torch's padding, a word or a number an axis, as TensorFlow.js takes it: with a pair for each axis of NHWC. */
function padded(padding, spatial) {
  if (typeof padding === 'string') return padding;
  const each = listOf(padding, spatial);
  return each.every((n) => n === 0) ? 'valid' : [[0, 0], ...each.map((n) => [n, n]), [0, 0]];
}

function geometry(spatial, {stride = 1, padding = 0, dilation = 1, groups = 1}) {
  const [strides, dilations] = [listOf(stride, spatial), listOf(dilation, spatial)];
  need(strides.every((n) => n === 1) || dilations.every((n) => n === 1), 'either strides or dilations must be 1');
  return {strides, dilations, groups, pad: padded(padding, spatial)};
}

function withBias(y, bias) {
  return bias ? tf.add(y, bias) : y;
}

/** torch's weight (out, in / groups, ...) as TensorFlow has it: (..., in, out). */
function filterOf(weight) {
  return tf.transpose(weight, [...range(weight.rank).slice(2), 1, 0]);
}

/** Convolves NHWC; of groups it knows only as many as there are channels. */
function convolve2d(x, weight, {strides, dilations, groups, pad}) {
  if (groups === 1) return tf.conv2d(x, filterOf(weight), strides, pad, 'NHWC', dilations);
  const [out, one, ...kernel] = weight.shape;
  need(one === 1, 'TensorFlow.js has one group or as many as channels');
  const depthwise = tf.reshape(tf.transpose(weight, [2, 3, 0, 1]), [...kernel, groups, out / groups]);
  return tf.depthwiseConv2d(x, depthwise, strides, pad, 'NHWC', dilations);
}

function conv1d({input, weight, bias}, params) {
  const {strides, dilations, groups, pad} = geometry(1, params);
  const flat = {
    strides: [1, strides[0]],
    dilations: [1, dilations[0]],
    groups,
    pad: Array.isArray(pad) ? [[0, 0], [0, 0], ...pad.slice(1)] : pad,
  };
  return onImages(input, 1, (x) => {
    const y = convolve2d(tf.expandDims(x, 1), tf.expandDims(weight, 2), flat);
    return withBias(tf.squeeze(y, [1]), bias);
  });
}

function conv2d({input, weight, bias}, params) {
  return onImages(input, 2, (x) => withBias(convolve2d(x, weight, geometry(2, params)), bias));
}

function conv3d({input, weight, bias}, params) {
  const {strides, dilations, groups, pad} = geometry(3, params);
  need(groups === 1, 'tf.conv3d has no groups');
  need(typeof pad === 'string', 'tf.conv3d pads by "same" or "valid" only');
  return onImages(input, 3, (x) =>
    withBias(tf.conv3d(x, filterOf(weight), strides, pad, 'NDHWC', dilations), bias),
  );
}

/** The transposed convolution takes the shape of its answer, by which torch's output_padding is told. */
function transposed(spatial, run) {
  return op(['stride', 'padding', 'output_padding', 'dilation', 'groups'], ({input, weight, bias}, params) => {
    const {strides, dilations, groups, pad} = geometry(spatial, params);
    need(groups === 1, 'the transposed convolution has no groups');
    need(dilations.every((n) => n === 1), 'the transposed convolution has no dilation');
    const extra = listOf(params.output_padding ?? 0, spatial);
    const padding = listOf(params.padding ?? 0, spatial);
    return onImages(input, spatial, (x) => {
      const sizes = range(spatial).map(
        (i) => (x.shape[i + 1] - 1) * strides[i] - 2 * padding[i] + weight.shape[i + 2] + extra[i],
      );
      const shape = [x.shape[0], ...sizes, weight.shape[1]];
      return withBias(run(x, tf.transpose(weight, [...range(weight.rank).slice(2), 1, 0]), shape, strides, pad), bias);
    });
  });
}

function transposed1d(x, filter, shape, [stride], pad) {
  const [n, length, channels] = shape;
  const flatPad = Array.isArray(pad) ? [[0, 0], [0, 0], ...pad.slice(1)] : pad;
  const [images, kernel] = [tf.expandDims(x, 1), tf.expandDims(filter, 0)];
  return tf.squeeze(tf.conv2dTranspose(images, kernel, [n, 1, length, channels], [1, stride], flatPad), [1]);
}

function transposed3d(x, filter, shape, strides, pad) {
  need(typeof pad === 'string', 'tf.conv3dTranspose pads by "same" or "valid" only');
  return tf.conv3dTranspose(x, filter, shape, strides, pad);
}

const PARAMS = ['stride', 'padding', 'dilation', 'groups'];

module.exports = {
  conv1d: op(PARAMS, conv1d),
  conv2d: op(PARAMS, conv2d),
  conv3d: op(PARAMS, conv3d),
  conv_transpose1d: transposed(1, transposed1d),
  conv_transpose2d: transposed(2, tf.conv2dTranspose),
  conv_transpose3d: transposed(3, transposed3d),
  embedding: op([], ({input, weight}) => tf.gather(weight, input), {indices: ['input']}),
};
