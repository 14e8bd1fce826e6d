#pragma once

#include <stddef.h>
#include <stdint.h>

/// A stream of compressed bytes. One owner; free it with `curfew_inflate_free`.
struct curfew_inflate;

/// `format`: 0 = raw deflate (zip), 1 = gzip. NULL when memory runs out.
struct curfew_inflate *curfew_inflate_new(int format);

/// Reads from `input` and writes to `output`; on return `*consumed` and `*produced` say how much.
/// Returns 0 = go on, 1 = the stream has ended, -1 = the data is broken.
int curfew_inflate_step(struct curfew_inflate *stream, const uint8_t *input, size_t input_size, size_t *consumed,
                        uint8_t *output, size_t output_size, size_t *produced);

/// Makes an ended stream ready for another gzip member.
int curfew_inflate_reset(struct curfew_inflate *stream);

void curfew_inflate_free(struct curfew_inflate *stream);

/// The CRC-32 of `data`, going on from `sum` (0 at first).
uint32_t curfew_crc32(uint32_t sum, const uint8_t *data, size_t size);
