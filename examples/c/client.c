/*
 * Four operators behind the harness's wire protocol, version 1, with nothing but libc and cJSON:
 * dropout (its mask is given), l1_penalty, gelu and layer_norm, each with its gradient, in float32 and float64.
 *
 * A message is an 8-byte little-endian length and a safetensors blob: an 8-byte length again, a JSON header of that
 * length, and the numbers. The header says of each tensor its dtype, its shape and where its bytes lie; under the key
 * "__metadata__" stands one text, "message", that is JSON too and says what the message is.
 *
 * Numbers are computed in double and rounded once, to the dtype of the operator's first input.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the numbers of a message are little-endian, and are copied here as they are"
#endif

/* -- memory: a program that serves one case after the other may as well end when there is none */

static _Noreturn void end(const char *why) {
  fprintf(stderr, "client: %s\n", why);
  exit(1);
}

static void *checked(void *memory) {
  if (memory == NULL) end("out of memory");
  return memory;
}

static double *numbers(size_t count) { return checked(calloc(count ? count : 1, sizeof(double))); }

typedef struct {
  unsigned char *bytes;
  size_t length, room;
} Buffer;

/* Returns the place of `count` more bytes at the end of a buffer. */
static unsigned char *grown(Buffer *buffer, size_t count) {
  if (count > SIZE_MAX / 2 - buffer->length) end("out of memory");
  if (buffer->bytes == NULL || buffer->length + count > buffer->room) {
    buffer->room = 2 * (buffer->length + count) + 64;
    buffer->bytes = checked(realloc(buffer->bytes, buffer->room));
  }
  buffer->length += count;
  return buffer->bytes + buffer->length - count;
}

/* -- tensors */

typedef enum { F32, F64, BOOL, DTYPES } Dtype;
static const char *const DTYPE_NAMES[DTYPES] = {"F32", "F64", "BOOL"};
static const size_t DTYPE_SIZES[DTYPES] = {4, 8, 1};

typedef struct {
  const char *name; /* the header's */
  Dtype dtype;
  const cJSON *shape;
  size_t count;
  double *values;
} Tensor;

typedef struct {
  cJSON *header, *body;
  Tensor *tensors;
  size_t count;
} Message;

typedef struct {
  cJSON *header, *body;
  Buffer data;
} Reply;

static bool is_size(const cJSON *item) {
  return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 9007199254740992.0 &&
         item->valuedouble == floor(item->valuedouble);
}

static uint64_t little_endian(const unsigned char *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

/* Reads the numbers of one tensor. Returns NULL, or what is wrong with it. */
static const char *read_tensor(Tensor *tensor, const cJSON *entry, const unsigned char *data, size_t room) {
  const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
  const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
  const cJSON *dimension;
  tensor->name = entry->string;
  tensor->shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
  for (tensor->dtype = F32; tensor->dtype < DTYPES; tensor->dtype++)
    if (cJSON_IsString(dtype) && strcmp(dtype->valuestring, DTYPE_NAMES[tensor->dtype]) == 0) break;
  if (tensor->dtype == DTYPES) return "a tensor has a dtype that this client did not offer";
  if (!cJSON_IsArray(tensor->shape)) return "a tensor has no shape";
  const cJSON *first = cJSON_GetArrayItem(offsets, 0), *last = cJSON_GetArrayItem(offsets, 1);
  if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 || !is_size(first) || !is_size(last))
    return "a tensor has no place";
  if (first->valuedouble > last->valuedouble || last->valuedouble > (double)room) return "a tensor lies outside";
  size_t begin = (size_t)first->valuedouble, bytes = (size_t)last->valuedouble - begin;
  size_t size = DTYPE_SIZES[tensor->dtype];
  double elements = 1; /* exact as far as there can be bytes for them */
  cJSON_ArrayForEach(dimension, tensor->shape) {
    if (!is_size(dimension)) return "a tensor has a shape of something else than sizes";
    elements *= dimension->valuedouble;
  }
  if (elements * (double)size != (double)bytes) return "a tensor has too few or too many bytes";
  tensor->count = bytes / size;
  tensor->values = numbers(tensor->count);
  for (size_t i = 0; i < tensor->count; i++) {
    const unsigned char *at = data + begin + i * size;
    float narrow;
    switch (tensor->dtype) {
      case F32: memcpy(&narrow, at, 4); tensor->values[i] = narrow; break;
      case F64: memcpy(&tensor->values[i], at, 8); break;
      default: tensor->values[i] = *at != 0;
    }
  }
  return NULL;
}

/* Takes a blob apart. Returns NULL, or why it is no message. */
static const char *decode(Message *message, const unsigned char *blob, size_t length) {
  if (length < 8) return "a message has no room for the length of its header";
  uint64_t header = little_endian(blob);
  if (header > length - 8) return "the header is said to be longer than its message";
  message->header = cJSON_ParseWithLength((const char *)blob + 8, (size_t)header);
  if (!cJSON_IsObject(message->header)) return "the header is no JSON object";
  const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(message->header, "__metadata__");
  const cJSON *text = cJSON_GetObjectItemCaseSensitive(metadata, "message");
  if (!cJSON_IsString(text)) return "the metadata has no message";
  message->body = cJSON_Parse(text->valuestring);
  if (!cJSON_IsObject(message->body)) return "the message is no JSON object";
  message->tensors = checked(calloc((size_t)cJSON_GetArraySize(message->header), sizeof(Tensor)));
  const unsigned char *data = blob + 8 + header;
  size_t room = length - 8 - (size_t)header, used = 0;
  const cJSON *entry;
  cJSON_ArrayForEach(entry, message->header) {
    if (entry == metadata) continue;
    Tensor *tensor = &message->tensors[message->count++];
    const char *fault = read_tensor(tensor, entry, data, room);
    if (fault != NULL) return fault;
    used += tensor->count * DTYPE_SIZES[tensor->dtype];
  }
  return used == room ? NULL : "the tensors are not the numbers that came";
}

static void forget(Message *message) {
  for (size_t i = 0; i < message->count; i++) free(message->tensors[i].values);
  free(message->tensors);
  cJSON_Delete(message->body);
  cJSON_Delete(message->header);
}

static void add_tensor(Reply *reply, const char *name, Dtype dtype, const cJSON *shape, const double *values,
                       size_t count) {
  cJSON *entry = checked(cJSON_AddObjectToObject(reply->header, name));
  size_t begin = reply->data.length, size = DTYPE_SIZES[dtype];
  unsigned char *at = grown(&reply->data, count * size);
  for (size_t i = 0; i < count; i++) {
    float narrow = (float)values[i];
    switch (dtype) {
      case F32: memcpy(at + 4 * i, &narrow, 4); break;
      case F64: memcpy(at + 8 * i, &values[i], 8); break;
      default: at[i] = values[i] != 0;
    }
  }
  double offsets[2] = {(double)begin, (double)reply->data.length};
  cJSON_AddStringToObject(entry, "dtype", DTYPE_NAMES[dtype]);
  cJSON_AddItemToObject(entry, "shape", shape ? cJSON_Duplicate(shape, true) : cJSON_CreateArray());
  cJSON_AddItemToObject(entry, "data_offsets", cJSON_CreateDoubleArray(offsets, 2));
}

/* -- what a run asks for */

static const Tensor *given(const Message *run, const char *name) {
  for (size_t i = 0; i < run->count; i++)
    if (strcmp(run->tensors[i].name, name) == 0) return &run->tensors[i];
  return NULL;
}

static bool lists(const Message *run, const char *key, const char *word) {
  const cJSON *item;
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(run->body, key))
    if (cJSON_IsString(item) && strcmp(item->valuestring, word) == 0) return true;
  return false;
}

static const cJSON *param(const Message *run, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(run->body, "params"), name);
}

/* Returns a param that is a number; JSON has no inf and nan, so these come as {"float": "inf"}. */
static double number_param(const Message *run, const char *name, double otherwise) {
  const cJSON *item = param(run, name), *word = cJSON_GetObjectItemCaseSensitive(item, "float");
  if (cJSON_IsString(word)) return strtod(word->valuestring, NULL);
  return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

static bool is_floating(const Tensor *tensor) { return tensor != NULL && tensor->dtype != BOOL; }

static bool is_like(const Tensor *tensor, const Tensor *other) {
  return is_floating(tensor) && tensor->dtype == other->dtype && tensor->count == other->count;
}

static void add_like(Reply *reply, const char *name, const Tensor *like, double *values) {
  add_tensor(reply, name, like->dtype, like->shape, values, like->count);
  free(values);
}

/* -- operators: each answers the stages that are asked for, and returns NULL, or why it cannot */

/* y = x * mask / (1 - p), and the same of the gradient; in evaluation y = x. */
static const char *dropout(const Message *run, Reply *reply) {
  const Tensor *x = given(run, "inputs/input"), *mask = given(run, "noise/mask");
  const Tensor *dy = given(run, "grad_outputs/output");
  double p = number_param(run, "p", 0.5), scale = p < 1 ? 1 / (1 - p) : 0;
  if (!is_floating(x)) return "it takes a floating input";
  if (mask == NULL || mask->count != x->count) return "it draws no mask of its own";
  if (lists(run, "stages", "forward")) {
    double *y = numbers(x->count);
    for (size_t i = 0; i < x->count; i++) y[i] = x->values[i] * (mask->values[i] * scale);
    add_like(reply, "forward/output", x, y);
  }
  if (lists(run, "stages", "backward")) {
    if (dy == NULL || !is_like(dy, x)) return "its gradient has another shape";
    double *dx = numbers(x->count);
    for (size_t i = 0; i < x->count; i++) dx[i] = dy->values[i] * (mask->values[i] * scale);
    add_like(reply, "backward/grad_input", x, dx);
  }
  if (lists(run, "stages", "eval")) add_tensor(reply, "eval/output", x->dtype, x->shape, x->values, x->count);
  return NULL;
}

/* y = lambd * sum |w|; the gradient at 0 is 0. */
static const char *l1_penalty(const Message *run, Reply *reply) {
  const Tensor *w = given(run, "inputs/weight"), *dy = given(run, "grad_outputs/output");
  double lambd = number_param(run, "lambd", 0), sum = 0;
  if (!is_floating(w)) return "it takes a floating weight";
  if (lists(run, "stages", "forward")) {
    for (size_t i = 0; i < w->count; i++) sum += fabs(w->values[i]);
    double y = lambd * sum;
    add_tensor(reply, "forward/output", w->dtype, NULL, &y, 1);
  }
  if (lists(run, "stages", "backward")) {
    if (!is_floating(dy) || dy->count != 1) return "its gradient is no scalar";
    double *dw = numbers(w->count);
    for (size_t i = 0; i < w->count; i++)
      dw[i] = dy->values[0] * lambd * ((w->values[i] > 0) - (w->values[i] < 0));
    add_like(reply, "backward/grad_weight", w, dw);
  }
  return NULL;
}

/* x times the normal distribution below x. Far to the left 1 + erf cancels to nothing: erfc does not. */
static double gelu_of(double x) { return x * 0.5 * erfc(-x * sqrt(0.5)); }

static double gelu_slope(double x) {
  return 0.5 * erfc(-x * sqrt(0.5)) + x * exp(-0.5 * x * x) * 0.39894228040143267794;
}

static const double BETA = 0.79788456080286535588, KAPPA = 0.044715; /* BETA is sqrt(2 / pi) */

static double gelu_tanh_of(double x) { return 0.5 * x * (1 + tanh(BETA * (x + KAPPA * x * x * x))); }

static double gelu_tanh_slope(double x) {
  double t = tanh(BETA * (x + KAPPA * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * BETA * (1 + 3 * KAPPA * x * x);
}

static const char *gelu(const Message *run, Reply *reply) {
  const Tensor *x = given(run, "inputs/input"), *dy = given(run, "grad_outputs/output");
  const cJSON *approximate = param(run, "approximate");
  bool by_tanh = cJSON_IsString(approximate) && strcmp(approximate->valuestring, "tanh") == 0;
  if (!is_floating(x)) return "it takes a floating input";
  if (lists(run, "stages", "forward")) {
    double *y = numbers(x->count);
    for (size_t i = 0; i < x->count; i++) y[i] = by_tanh ? gelu_tanh_of(x->values[i]) : gelu_of(x->values[i]);
    add_like(reply, "forward/output", x, y);
  }
  if (lists(run, "stages", "backward")) {
    if (dy == NULL || !is_like(dy, x)) return "its gradient has another shape";
    double *dx = numbers(x->count);
    for (size_t i = 0; i < x->count; i++)
      dx[i] = dy->values[i] * (by_tanh ? gelu_tanh_slope(x->values[i]) : gelu_slope(x->values[i]));
    add_like(reply, "backward/grad_input", x, dx);
  }
  return NULL;
}

/* Normalizes one row, y = (x - mean) / sqrt(variance + eps), in two passes, and returns the divisor's inverse. */
static double normalized(const double *x, double *y, size_t width, double eps) {
  double mean = 0, variance = 0;
  for (size_t i = 0; i < width; i++) mean += x[i] / (double)width;
  for (size_t i = 0; i < width; i++) variance += (x[i] - mean) * (x[i] - mean) / (double)width;
  double inverse = 1 / sqrt(variance + eps);
  for (size_t i = 0; i < width; i++) y[i] = (x[i] - mean) * inverse;
  return inverse;
}

/* y = normalized x * weight + bias, over the last axes. Weight and bias may be missing. */
static const char *layer_norm(const Message *run, Reply *reply) {
  const Tensor *x = given(run, "inputs/input"), *weight = given(run, "inputs/weight");
  const Tensor *bias = given(run, "inputs/bias");
  const Tensor *dy = given(run, "grad_outputs/output");
  const cJSON *shape = param(run, "normalized_shape"), *dimension;
  double eps = number_param(run, "eps", 1e-5), width_as_read = 1;
  if (!is_floating(x) || !cJSON_IsArray(shape)) return "it takes a floating input and a normalized_shape";
  cJSON_ArrayForEach(dimension, shape) width_as_read *= is_size(dimension) ? dimension->valuedouble : 0;
  if (width_as_read < 1 || width_as_read > 1e9) return "it normalizes over nothing";
  size_t width = (size_t)width_as_read;
  if (x->count % width != 0) return "normalized_shape is not that of the last axes";
  for (int i = 0; i < 2; i++) {
    const Tensor *affine = i ? bias : weight;
    if (affine == NULL) continue;
    if (affine->dtype != x->dtype || affine->count != width) return "weight and bias are of another shape";
  }
  bool forward = lists(run, "stages", "forward"), backward = lists(run, "stages", "backward");
  if (backward && (dy == NULL || !is_like(dy, x))) return "its gradient has another shape";
  size_t room = x->count > 0 || weight || bias ? width : 0;
  double *y = numbers(x->count), *dx = numbers(x->count), *dweight = numbers(room), *dbias = numbers(room);
  for (size_t start = 0; start < x->count; start += width) {
    double *row = y + start, inverse = normalized(x->values + start, row, width, eps), mean = 0, slope = 0;
    for (size_t i = 0; backward && i < width; i++) {
      double g = dy->values[start + i];
      dweight[i] += g * row[i];
      dbias[i] += g;
      dx[start + i] = g * (weight ? weight->values[i] : 1);
      mean += dx[start + i] / (double)width;
      slope += dx[start + i] * row[i] / (double)width;
    }
    for (size_t i = 0; backward && i < width; i++) dx[start + i] = (dx[start + i] - mean - row[i] * slope) * inverse;
    for (size_t i = 0; i < width; i++)
      row[i] = row[i] * (weight ? weight->values[i] : 1) + (bias ? bias->values[i] : 0);
  }
  if (forward) add_tensor(reply, "forward/output", x->dtype, x->shape, y, x->count);
  if (backward) {
    add_tensor(reply, "backward/grad_input", x->dtype, x->shape, dx, x->count);
    if (weight) add_tensor(reply, "backward/grad_weight", x->dtype, weight->shape, dweight, width);
    if (bias) add_tensor(reply, "backward/grad_bias", x->dtype, bias->shape, dbias, width);
  }
  free(y);
  free(dx);
  free(dweight);
  free(dbias);
  return NULL;
}

static const struct {
  const char *name;
  const char *params[2];
  const char *(*answer)(const Message *, Reply *);
} OPERATORS[] = {
    {"dropout", {"p"}, dropout},
    {"gelu", {"approximate"}, gelu},
    {"l1_penalty", {"lambd"}, l1_penalty},
    {"layer_norm", {"normalized_shape", "eps"}, layer_norm},
};

/* -- the conversation */

static const char *run_operator(const Message *run, Reply *reply) {
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(run->body, "operator"), *each;
  for (size_t i = 0; cJSON_IsString(name) && i < sizeof OPERATORS / sizeof *OPERATORS; i++) {
    if (strcmp(OPERATORS[i].name, name->valuestring) != 0) continue;
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(run->body, "params")) {
      const char *const *known = OPERATORS[i].params;
      bool takes = strcmp(each->string, known[0]) == 0 || (known[1] && strcmp(each->string, known[1]) == 0);
      if (!takes) return "it has no such param";
    }
    return OPERATORS[i].answer(run, reply);
  }
  return "there is no such operator here";
}

static void say(Reply *reply, const char *type, const char *key, const char *text) {
  cJSON_AddStringToObject(reply->body, "type", type);
  if (key != NULL) cJSON_AddStringToObject(reply->body, key, text);
}

static void say_hello(const Message *hello, Reply *reply) {
  static const char *const dtypes[] = {"float32", "float64", "bool"}, *const noise[] = {"inject"};
  const cJSON *protocol = cJSON_GetObjectItemCaseSensitive(hello->body, "protocol");
  if (!cJSON_IsNumber(protocol) || protocol->valuedouble != 1) {
    say(reply, "error", "message", "this client speaks protocol 1");
    return;
  }
  say(reply, "hello", "name", "c");
  cJSON_AddStringToObject(reply->body, "version", "1.0.0");
  cJSON_AddNumberToObject(reply->body, "protocol", 1);
  cJSON_AddItemToObject(reply->body, "dtypes", cJSON_CreateStringArray(dtypes, 3));
  cJSON_AddItemToObject(reply->body, "noise", cJSON_CreateStringArray(noise, 1));
}

/* Sends every tensor back: `harness smoke` asks for it. */
static void say_echo(const Message *message, Reply *reply) {
  say(reply, "echo", NULL, NULL);
  for (size_t i = 0; i < message->count; i++) {
    const Tensor *tensor = &message->tensors[i];
    add_tensor(reply, tensor->name, tensor->dtype, tensor->shape, tensor->values, tensor->count);
  }
}

static void say_outputs(const Message *run, Reply *reply) {
  const char *why = run_operator(run, reply);
  if (why == NULL) {
    say(reply, "outputs", "noise_mode", lists(run, "noise_names", "mask") ? "inject" : "none");
    return;
  }
  cJSON_Delete(reply->header);
  reply->header = checked(cJSON_CreateObject());
  reply->data.length = 0;
  say(reply, "unsupported", "reason", why);
}

static void write_length(uint64_t length) {
  unsigned char bytes[8];
  memcpy(bytes, &length, 8);
  fwrite(bytes, 1, 8, stdout);
}

static void write_reply(Reply *reply) {
  char *body = checked(cJSON_PrintUnformatted(reply->body));
  cJSON_AddStringToObject(cJSON_AddObjectToObject(reply->header, "__metadata__"), "message", body);
  char *header = checked(cJSON_PrintUnformatted(reply->header));
  size_t length = strlen(header), padding = (8 - length % 8) % 8; /* the numbers begin at a multiple of 8 */
  write_length(8 + length + padding + reply->data.length);
  write_length(length + padding);
  fwrite(header, 1, length, stdout);
  fwrite("       ", 1, padding, stdout);
  if (reply->data.length > 0) fwrite(reply->data.bytes, 1, reply->data.length, stdout);
  if (fflush(stdout) != 0) end("nobody reads the answers");
  free(header);
  free(body);
}

/* Answers one message. Returns whether to go on. */
static bool answer(const unsigned char *blob, size_t length) {
  Message message = {0};
  Reply reply = {.header = checked(cJSON_CreateObject()), .body = checked(cJSON_CreateObject())};
  const char *fault = decode(&message, blob, length);
  const cJSON *type = cJSON_GetObjectItemCaseSensitive(message.body, "type");
  const cJSON *id = cJSON_GetObjectItemCaseSensitive(message.body, "id");
  const char *kind = cJSON_IsString(type) ? type->valuestring : "";
  bool bye = fault == NULL && strcmp(kind, "bye") == 0;
  if (fault != NULL) say(&reply, "error", "message", fault);
  else if (strcmp(kind, "hello") == 0) say_hello(&message, &reply);
  else if (strcmp(kind, "run") == 0) say_outputs(&message, &reply);
  else if (strcmp(kind, "echo") == 0) say_echo(&message, &reply);
  else say(&reply, "error", "message", "a message of no type that this client knows");
  if (id != NULL) cJSON_AddItemToObject(reply.body, "id", cJSON_Duplicate(id, true));
  if (!bye) write_reply(&reply);
  cJSON_Delete(reply.header);
  cJSON_Delete(reply.body);
  free(reply.data.bytes);
  forget(&message);
  return !bye;
}

/* Reads a message, piece by piece: its length may lie. Returns whether there was one. */
static bool read_message(Buffer *buffer) {
  static const size_t piece = 1 << 20;
  unsigned char bytes[8];
  size_t got = fread(bytes, 1, 8, stdin);
  if (got == 0) return false;
  if (got < 8) end("the input ends within the length of a message");
  uint64_t left = little_endian(bytes);
  for (buffer->length = 0; left > 0;) {
    size_t count = left < piece ? (size_t)left : piece;
    unsigned char *at = grown(buffer, count);
    if (fread(at, 1, count, stdin) < count) end("the input ends within a message");
    left -= count;
  }
  return true;
}

int main(void) {
  Buffer buffer = {0};
  grown(&buffer, 8);
  while (read_message(&buffer) && answer(buffer.bytes, buffer.length)) continue;
  free(buffer.bytes);
  return 0;
}
