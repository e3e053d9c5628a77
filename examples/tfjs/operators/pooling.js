'use strict';
const tf = require('@tensorflow/tfjs-core');

const {listOf, need, onImages, op} = require('./common');

const PARAMS = ['kernel_size', 'stride', 'padding', 'ceil_mode'];

function geometry(spatial, params) {
  const kernel = listOf(params.kernel_size, spatial);
  return {
    kernel,
    strides: listOf(params.stride ?? kernel, spatial),
    dilations: listOf(params.dilation ?? 1, spatial),
    padding: listOf(params.padding ?? 0, spatial),
  };
}

/** Returns lines and their geometry as images of one row, images as they are. */
function asImages(spatial, params) {
  const found = geometry(spatial, params);
  if (spatial === 2) return {...found, grow: (x) => x, shrink: (x) => x};
  const {kernel, strides, dilations, padding} = found;
  return {
    kernel: [1, ...kernel],
    strides: [1, ...strides],
    dilations: [1, ...dilations],
    padding: [0, ...padding],
    grow: (x) => tf.expandDims(x, 1),
    shrink: (x) => tf.squeeze(x, [1]),
  };
}

/** Tells whether rounding up adds a window that sees padding alone; torch leaves it out. */
function startsInPadding({kernel, strides, padding}, sizes) {
  return sizes.some((length, axis) => {
    const windows = Math.ceil((length + 2 * padding[axis] - kernel[axis]) / strides[axis]) + 1;
    return (windows - 1) * strides[axis] >= length + padding[axis];
  });
}

/** tf.pool of lines or images, with explicit pads: only with these does the rounding mode count. It dilates without. */
function pool(spatial, type, params, input) {
  const {kernel, strides, dilations, padding, grow, shrink} = asImages(spatial, params);
  need([strides, dilations].some((all) => all.every((n) => n === 1)), 'either strides or dilations must be 1');
  const dilated = dilations.some((n) => n > 1);
  need(!dilated || (padding.every((n) => n === 0) && !params.ceil_mode), 'tf.pool with a dilation does not pad');
  const pad = dilated ? 'valid' : [[0, 0], ...padding.map((n) => [n, n]), [0, 0]];
  const alone = params.ceil_mode && startsInPadding(geometry(spatial, params), input.shape.slice(-spatial));
  need(!alone, 'tf.pool keeps a window that sees padding alone');
  const mode = dilated ? undefined : params.ceil_mode ? 'ceil' : 'floor';
  return onImages(input, spatial, (x) => shrink(tf.pool(grow(x), kernel, type, pad, dilations, strides, mode)));
}

/** The places of the maxima in an image: TensorFlow counts its channels too. */
function places(spatial, params, input) {
  const {kernel, strides, dilations, padding, grow, shrink} = asImages(spatial, params);
  need(dilations.every((n) => n === 1) && !params.ceil_mode, 'tf.maxPoolWithArgmax has no dilation and rounds down');
  need(padding.every((n) => n === 0), 'tf.maxPoolWithArgmax pads both axes alike');
  return onImages(input, spatial, (x) => {
    const {indexes} = tf.maxPoolWithArgmax(grow(x), kernel, strides, 'valid');
    return shrink(tf.floorDiv(indexes, tf.scalar(x.shape[x.rank - 1], 'int32')));
  });
}

function pool3d(run, params, input) {
  const {kernel, strides, dilations, padding} = geometry(3, params);
  need(padding.every((n) => n === 0), 'pooling in three dimensions pads by "same" or "valid" only');
  need(dilations.every((n) => n === 1), 'pooling in three dimensions has no dilation');
  need(!params.ceil_mode, 'pooling in three dimensions with "valid" rounds down');
  need(!params.return_indices, 'pooling in three dimensions gives no indices');
  return onImages(input, 3, (x) => run(x, kernel, strides, 'valid'));
}

/** TensorFlow does not count what it padded. */
function average(spatial, run) {
  return op([...PARAMS, 'count_include_pad', 'divisor_override'], ({input}, params) => {
    need(params.divisor_override == null, 'tf.avgPool has no other divisor');
    const padded = listOf(params.padding ?? 0, spatial).some((n) => n > 0);
    need(!padded || params.count_include_pad === false, 'tf.avgPool does not count padding');
    return run(params, input);
  });
}

function largest(spatial, run) {
  const answer = ({input}, params) => {
    const values = run(params, input);
    return params.return_indices ? [values, places(spatial, params, input)] : values;
  };
  return op([...PARAMS, 'dilation', 'return_indices'], answer, {counts: ['indices']});
}

module.exports = {
  avg_pool1d: average(1, (params, input) => pool(1, 'avg', params, input)),
  avg_pool2d: average(2, (params, input) => pool(2, 'avg', params, input)),
  avg_pool3d: average(3, (params, input) => pool3d(tf.avgPool3d, params, input)),
  max_pool1d: largest(1, (params, input) => pool(1, 'max', params, input)),
  max_pool2d: largest(2, (params, input) => pool(2, 'max', params, input)),
  max_pool3d: largest(3, (params, input) => pool3d(tf.maxPool3d, params, input)),
};
