#include "core/io/gzip.h"

#include "core/error.h"

#define ZLIB_CONST // its input is not written to
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

namespace tt {

namespace {
constexpr int gzipFormat = 16 + MAX_WBITS; // zlib's way to ask for a gzip header
constexpr int memoryLevel = 8;             // zlib's default

/// zlib counts in unsigned int.
void give(z_stream &stream, std::string_view &bytes) {
    const size_t part = std::min<size_t>(bytes.size(), std::numeric_limits<uInt>::max());
    stream.next_in = reinterpret_cast<const Bytef *>(bytes.data());
    stream.avail_in = static_cast<uInt>(part);
    bytes.remove_prefix(part);
}
} // namespace

std::string gzip(std::string_view bytes) {
    z_stream stream{};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzipFormat, memoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
        throw Error("Memory ran out while compressing.");
    std::string out;
    std::array<char, 65'536> block{};
    int state = Z_OK;
    while (state == Z_OK) {
        if (stream.avail_in == 0)
            give(stream, bytes);
        stream.next_out = reinterpret_cast<Bytef *>(block.data());
        stream.avail_out = static_cast<uInt>(block.size());
        state = deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
        out.append(block.data(), block.size() - stream.avail_out);
    }
    deflateEnd(&stream);
    return out;
}

std::string gunzip(std::string_view file, size_t maximumBytes) {
    z_stream stream{};
    if (inflateInit2(&stream, gzipFormat) != Z_OK)
        throw Error("Memory ran out while reading a compressed file.");
    std::string out;
    std::array<char, 65'536> block{};
    int state = Z_OK;
    while (state == Z_OK && out.size() <= maximumBytes) {
        if (stream.avail_in == 0)
            give(stream, file);
        stream.next_out = reinterpret_cast<Bytef *>(block.data());
        stream.avail_out = static_cast<uInt>(block.size());
        state = inflate(&stream, Z_NO_FLUSH);
        out.append(block.data(), block.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    if (state != Z_STREAM_END || out.size() > maximumBytes)
        throw Error("The compressed file is damaged, cut short or too large.");
    return out;
}

} // namespace tt
