"""Keras as an Implementation, on the backend that KERAS_BACKEND names: keras.ops, its layers, losses and optimizers."""
