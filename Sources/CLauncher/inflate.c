#include "inflate.h"

#include <stdlib.h>
#include <zlib.h>

struct curfew_inflate {
    z_stream z;
};

struct curfew_inflate *curfew_inflate_new(int format) {
    struct curfew_inflate *stream = calloc(1, sizeof *stream);
    if (stream == NULL) return NULL;
    if (inflateInit2(&stream->z, format == 0 ? -MAX_WBITS : MAX_WBITS + 16) != Z_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

int curfew_inflate_step(struct curfew_inflate *stream, const uint8_t *input, size_t input_size, size_t *consumed,
                        uint8_t *output, size_t output_size, size_t *produced) {
    stream->z.next_in = (Bytef *)input;
    stream->z.avail_in = (uInt)input_size;
    stream->z.next_out = output;
    stream->z.avail_out = (uInt)output_size;
    int result = inflate(&stream->z, Z_NO_FLUSH);
    *consumed = input_size - stream->z.avail_in;
    *produced = output_size - stream->z.avail_out;
    if (result == Z_STREAM_END) return 1;
    // Z_BUF_ERROR: no progress was possible with what it was given; the caller brings more.
    return result == Z_OK || result == Z_BUF_ERROR ? 0 : -1;
}

int curfew_inflate_reset(struct curfew_inflate *stream) { return inflateReset(&stream->z) == Z_OK ? 0 : -1; }

void curfew_inflate_free(struct curfew_inflate *stream) {
    if (stream == NULL) return;
    inflateEnd(&stream->z);
    free(stream);
}

uint32_t curfew_crc32(uint32_t sum, const uint8_t *data, size_t size) {
    return (uint32_t)crc32(sum, data, (uInt)size);
}
