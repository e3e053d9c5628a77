'use strict';
const tf = require('@tensorflow/tfjs-core');

const {op} = require('./common');

/** torch's gates i, f, g, o in the order of tf.basicLSTMCell: i, g, f, o. */
function reordered(x) {
  const [i, f, g, o] = tf.split(x, 4, 0);
  return tf.concat([i, g, f, o], 0);
}

/** tf.basicLSTMCell: one kernel for input and state, one bias, and a bias of the forget gate that is 0 here. */
function lstmCell({input, hx, weight_ih: ih, weight_hh: hh, bias_ih: bih, bias_hh: bhh}, {hidden_size: size}) {
  const single = input.rank === 1;
  const [x, h, c] = [input, ...(hx ?? [])].map((each) => (single ? tf.expandDims(each, 0) : each));
  const start = () => tf.zeros([x.shape[0], size]);
  const kernel = tf.transpose(tf.concat([reordered(ih), reordered(hh)], 1));
  const bias = bih ? reordered(tf.add(bih, bhh)) : tf.zeros([4 * size]);
  const [newC, newH] = tf.basicLSTMCell(0, kernel, bias, x, c ?? start(), h ?? start());
  return [newH, newC].map((each) => (single ? tf.squeeze(each, [0]) : each));
}

module.exports = {lstm_cell: op(['input_size', 'hidden_size', 'bias'], lstmCell)};
