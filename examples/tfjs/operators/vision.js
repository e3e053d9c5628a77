'use strict';
const tf = require('@tensorflow/tfjs-core');

const {need, onImages, op} = require('./common');

function resize({input}, params) {
  const {size, mode = 'nearest', align_corners: corners = false} = params;
  need(params.scale_factor == null && size != null, 'tf.image.resize takes the size of the answer');
  need(!params.antialias, 'tf.image.resize does not smooth');
  need(input.rank === 4, 'tf.image.resize takes images');
  const target = Array.isArray(size) ? size : [size, size];
  const run = {
    nearest: (x) => tf.image.resizeNearestNeighbor(x, target),
    'nearest-exact': (x) => tf.image.resizeNearestNeighbor(x, target, false, true),
    bilinear: (x) => tf.image.resizeBilinear(x, target, Boolean(corners), !corners),
  }[mode];
  need(run, `tf.image.resize has no mode ${mode}`);
  return onImages(input, 2, run);
}

/** tf.depthToSpace counts the offsets within a block before the channels, torch after them. */
function pixelShuffle({input}, {upscale_factor: factor}) {
  need(factor > 1, 'tf.depthToSpace takes a block of at least 2');
  need(input.rank >= 3, 'an image has three axes');
  const [channels, height, width] = input.shape.slice(-3);
  const lead = input.shape.slice(0, -3);
  const depth = channels / factor ** 2;
  const split = tf.reshape(input, [-1, depth, factor ** 2, height, width]);
  const images = tf.reshape(tf.transpose(split, [0, 3, 4, 2, 1]), [-1, height, width, channels]);
  const shuffled = tf.transpose(tf.depthToSpace(images, factor, 'NHWC'), [0, 3, 1, 2]);
  return tf.reshape(shuffled, [...lead, depth, height * factor, width * factor]);
}

const RESIZE = ['size', 'scale_factor', 'mode', 'align_corners', 'antialias', 'recompute_scale_factor'];

module.exports = {
  interpolate: op(RESIZE, resize),
  pixel_shuffle: op(['upscale_factor'], pixelShuffle),
};
